#include "settings.hpp"

#include "parley/sdk/settings.hpp"

namespace parley::iflow {

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "default": "https://apis.iflow.cn/v1",
      "description": "where the API is, up to and including /v1"
    },
    "client_id": {
      "type": "string", "default": "10009311001",
      "description": "what logins name themselves by; it is public"
    },
    "client_secret": {
      "type": "string", "default": "",
      "description": "what logins prove themselves by, as $IFLOW_CLIENT_SECRET; none is built in"
    },
    "authorize_url": {
      "type": "string", "default": "https://iflow.cn/oauth",
      "description": "where a browser goes to log in"
    },
    "token_url": {
      "type": "string", "default": "https://iflow.cn/oauth/token",
      "description": "where tokens come from"
    },
    "user_url": {
      "type": "string", "default": "https://iflow.cn/api/oauth/getUserInfo",
      "description": "where a token is turned into an API key"
    },
    "key_url": {
      "type": "string", "default": "https://platform.iflow.cn/api/openapi/apikey",
      "description": "where a cookie is turned into an API key"
    },
    "callback_port": {
      "type": "integer", "minimum": 0, "maximum": 65535, "default": 11451,
      "description": "where a browser comes back to on this machine; 0: to Parley's own address"
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
    Settings made;
    made.base_url = said.text("base_url");
    made.client_id = said.text("client_id");
    made.client_secret = said.text("client_secret");
    made.authorize_url = said.text("authorize_url");
    made.token_url = said.text("token_url");
    made.user_url = said.text("user_url");
    made.key_url = said.text("key_url");
    made.callback_port = static_cast<uint32_t>(said.count("callback_port"));
    made.headers = said.texts("headers");
    return made;
}

}  // namespace parley::iflow
