// settings.hpp: what the configuration says, to the provider and to its login.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/oauth.hpp"

namespace parley::example_login {

constexpr std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri", "default": "https://api.example.com/v1",
      "description": "where the API is, with its version"
    },
    "device_url": {
      "type": "string", "format": "uri", "default": "https://login.example.com/device",
      "description": "where a login gets the code that a person confirms"
    },
    "token_url": {
      "type": "string", "format": "uri", "default": "https://login.example.com/token",
      "description": "where tokens come from"
    },
    "client_id": {
      "type": "string", "minLength": 1, "default": "parley-example",
      "description": "what logins name themselves by; it is public"
    },
    "scope": {
      "type": "string", "default": "models",
      "description": "what a login asks for"
    }
  }
})json";

struct Settings {
    std::string base_url;
    std::string device_url;
    std::string token_url;
    std::string client_id;
    std::string scope;

    static Settings read(std::string_view json) {
        const auto text = [&](std::string_view name) {
            return std::string(sdk::member_text(json, name).view());
        };
        return {text("base_url"),
                text("device_url"),
                text("token_url"),
                text("client_id"),
                text("scope")};
    }
};

}  // namespace parley::example_login
