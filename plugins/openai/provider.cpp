#include "provider.hpp"

#include <array>

#include "parley/sdk/settings.hpp"
#include "parley/sdk/windows.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kOfficialUrl = "https://api.openai.com/v1";

parley_model_offer offer(std::string_view pattern) {
    return {sizeof(parley_model_offer), 0, str(pattern)};
}

// What api.openai.com serves; other places name their models in the configuration.
const std::array kOffers{
    offer("gpt-*"),
    offer("o1*"),
    offer("o3*"),
    offer("o4*"),
    offer("chatgpt-*"),
    offer("codex-*"),
    offer("dall-e-*"),
    offer("tts-*"),
    offer("whisper-*"),
    offer("text-embedding-*"),
    offer("text-moderation-*"),
    offer("omni-moderation-*"),
    offer("computer-use-*"),
};

}  // namespace

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri", "default": "https://api.openai.com/v1",
      "description": "where the API is, up to and including /v1"
    },
    "dialects": {
      "type": "array", "minItems": 1, "uniqueItems": true,
      "items": {"type": "string", "enum": ["openai-chat", "openai-responses"]},
      "default": ["openai-chat", "openai-responses"],
      "description": "what the place speaks; many compatible ones know openai-chat only"
    },
    "key_header": {
      "type": "string", "default": "authorization",
      "description": "the header that carries the key; authorization sends it as a bearer token"
    },
    "headers": {
      "type": "object", "additionalProperties": {"type": "string"}, "default": {},
      "description": "sent with every request, in place of the client's of the same name"
    }
  }
})json";

const std::string_view kProviderSchema = kSchemaText;

void Provider::configure(std::string_view json) {
    const sdk::Settings settings(json);
    key_header_ = settings.text("key_header");
    headers_ = settings.texts("headers");
    dialects_ = settings.list("dialects");
    for (const std::string& id : dialects_) dialect_views_.push_back(str(id));
    base_ = sdk::BaseUrl::of("base_url", settings.text("base_url"));
    official_ = base_.origin + base_.path == kOfficialUrl;
}

std::span<const parley_model_offer> Provider::models() {
    return official_ ? std::span<const parley_model_offer>(kOffers)
                     : std::span<const parley_model_offer>();
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    std::string_view path = view(ask.path);
    if (path.starts_with("/v1/")) path.remove_prefix(3);
    sdk::set_place(ask, base_, path, arena, out);
    auto* headers = arena.array<parley_header>(headers_.size() + 1);
    uint64_t count = 0;
    for (const auto& [name, value] : headers_) headers[count++] = {str(name), str(value), 0};
    const std::string_view secret = view(ask.account->secret);
    if (!secret.empty()) headers[count++] = sdk::proof_header(key_header_, secret, arena);
    out.headers = headers;
    out.header_count = count;
}

std::size_t Provider::windows(const parley_http_reply_head& head,
                              int64_t wall_ms,
                              std::span<parley_window> out) noexcept {
    return sdk::read_windows(head, wall_ms, out);
}

}  // namespace parley::openai
