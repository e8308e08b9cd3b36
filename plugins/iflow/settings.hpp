// settings.hpp: what the configuration says, to the provider and to its login.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::iflow {

struct Settings {
    std::string base_url;
    std::string client_id;
    std::string client_secret;  // none is built in
    std::string authorize_url;
    std::string token_url;
    std::string user_url;
    std::string key_url;
    uint32_t callback_port = 0;
    std::vector<std::pair<std::string, std::string>> headers;

    static Settings read(std::string_view json);
};

extern const std::string_view kProviderSchema;

}  // namespace parley::iflow
