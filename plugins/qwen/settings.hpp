// settings.hpp: what the configuration says, to the provider and to its login.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::qwen {

struct Settings {
    std::string base_url;  // empty: where the login says, DashScope for keys
    std::string client_id;
    std::string device_url;
    std::string token_url;
    std::string scope;
    std::vector<std::pair<std::string, std::string>> headers;

    static Settings read(std::string_view json);
};

extern const std::string_view kProviderSchema;

}  // namespace parley::qwen
