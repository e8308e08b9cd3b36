#include "settings.hpp"

#include "parley/sdk/settings.hpp"

namespace parley::codex {

namespace {

constexpr std::string_view kBackend = "https://chatgpt.com/backend-api/codex";

}  // namespace

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri", "default": "https://chatgpt.com/backend-api/codex",
      "description": "where accounts of ChatGPT are served, up to what stands before /responses"
    },
    "api_base_url": {
      "type": "string", "format": "uri", "default": "https://api.openai.com/v1",
      "description": "where API keys are served, up to and including /v1"
    },
    "issuer": {
      "type": "string", "format": "uri", "default": "https://auth.openai.com",
      "description": "where accounts of ChatGPT log in"
    },
    "client_id": {
      "type": "string", "default": "app_EMoamEEZ73f0CkXaXp7hrann",
      "description": "who asks there"
    },
    "callback_port": {
      "type": "integer", "minimum": 1, "maximum": 65535, "default": 1455,
      "description": "where a browser comes back to; the login server has to know the port"
    },
    "headers": {
      "type": "object", "additionalProperties": {"type": "string"}, "default": {},
      "description": "sent with every request, in place of the client's of the same name"
    }
  }
})json";

const std::string_view kSettingsSchema = kSchemaText;

Settings read_settings(std::string_view json) {
    const sdk::Settings said(json);
    const auto address = [&](std::string_view name) {
        return sdk::BaseUrl::of(name, said.text(name));
    };
    Settings settings;
    settings.backend = address("base_url");
    settings.api = address("api_base_url");
    settings.is_official = settings.backend.origin + settings.backend.path == kBackend;
    const sdk::BaseUrl issuer = address("issuer");
    settings.issuer = issuer.origin + issuer.path;
    settings.client_id = said.text("client_id");
    settings.callback_port = static_cast<uint32_t>(said.count("callback_port"));
    settings.headers = said.texts("headers");
    return settings;
}

}  // namespace parley::codex
