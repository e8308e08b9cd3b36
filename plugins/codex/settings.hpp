// settings.hpp: where ChatGPT's backend, its login and OpenAI's API are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sdk/base_url.hpp"

namespace parley::codex {

struct Settings {
    sdk::BaseUrl backend;  // for accounts of ChatGPT
    sdk::BaseUrl api;      // for keys
    bool is_official = true;
    std::string issuer;  // "https://auth.openai.com"
    std::string client_id;
    uint32_t callback_port = 0;
    std::vector<std::pair<std::string, std::string>> headers;
};

extern const std::string_view kSettingsSchema;

// Throws Failure for settings that name no place.
Settings read_settings(std::string_view json);

}  // namespace parley::codex
