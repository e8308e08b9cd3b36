#include "settings.hpp"

#include "parley/sdk/settings.hpp"

namespace parley::qwen {

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "default": "",
      "description": "where the API is, with /v1; empty: as the login says, DashScope for keys"
    },
    "client_id": {
      "type": "string", "default": "f0304373b74a44d2b584a3fb70ca9e56",
      "description": "what logins name themselves by; it is public"
    },
    "device_url": {
      "type": "string", "default": "https://chat.qwen.ai/api/v1/oauth2/device/code",
      "description": "where a login gets the code that a person confirms"
    },
    "token_url": {
      "type": "string", "default": "https://chat.qwen.ai/api/v1/oauth2/token",
      "description": "where tokens come from"
    },
    "scope": {
      "type": "string", "default": "openid profile email model.completion",
      "description": "what a login asks for"
    },
    "headers": {
      "type": "object", "additionalProperties": {"type": "string"}, "default": {},
      "description": "sent with every request, in place of the client's of the same name"
    }
  }
})json";

const std::string_view kProviderSchema = kSchemaText;

Settings Settings::read(std::string_view json) {
    const sdk::Settings said(json);
    Settings made{said.text("base_url"),
                  said.text("client_id"),
                  said.text("device_url"),
                  said.text("token_url"),
                  said.text("scope"),
                  said.texts("headers")};
    return made;
}

}  // namespace parley::qwen
