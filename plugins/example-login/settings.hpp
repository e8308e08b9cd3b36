// settings.hpp: what the configuration says, to the provider and to its login.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/settings.hpp"

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
        const sdk::Settings said(json);
        return {said.text("base_url"),
                said.text("device_url"),
                said.text("token_url"),
                said.text("client_id"),
                said.text("scope")};
    }
};

}  // namespace parley::example_login
