#include "provider.hpp"

#include <array>

#include "parley/sdk/json.hpp"
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
    std::string url(kOfficialUrl);
    JsonReader r(json);
    JsonString key;
    JsonString text;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.equals("base_url") && r.read_string(text)) {
            url = text.text();
        } else if (key.equals("key_header") && r.read_string(text)) {
            key_header_ = text.text();
        } else if (key.equals("dialects") && r.enter_array()) {
            while (r.next_item() && r.read_string(text)) dialects_.push_back(text.text());
        } else if (key.equals("headers") && r.enter_object()) {
            JsonString name;
            while (r.next_key(name) && r.read_string(text)) {
                headers_.emplace_back(name.text(), text.text());
            }
        } else {
            r.skip();
        }
    }
    for (const std::string& id : dialects_) dialect_views_.push_back(str(id));
    bearer_ = key_header_ == "authorization";
    while (url.ends_with('/')) url.pop_back();
    official_ = url == kOfficialUrl;
    base_ = sdk::BaseUrl::of("base_url", url);
}

std::span<const parley_model_offer> Provider::models() {
    return official_ ? std::span<const parley_model_offer>(kOffers)
                     : std::span<const parley_model_offer>();
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    std::string_view path = view(ask.path);
    if (path.starts_with("/v1/")) path.remove_prefix(3);
    const std::string_view own = view(ask.account->base_url);
    const sdk::BaseUrl moved = own.empty() ? sdk::BaseUrl() : sdk::BaseUrl::of("base_url", own);
    std::string target = own.empty() ? base_.path : moved.path;
    target += path;
    if (ask.query.len != 0) {
        target += '?';
        target += view(ask.query);
    }
    out.origin = own.empty() ? str(base_.origin) : arena.copy(moved.origin);
    out.target = arena.copy(target);

    auto* headers = arena.array<parley_header>(headers_.size() + 1);
    uint64_t count = 0;
    for (const auto& [name, value] : headers_) headers[count++] = {str(name), str(value), 0};
    const std::string_view secret = view(ask.account->secret);
    if (!secret.empty()) {
        const std::string bearer = "Bearer " + std::string(bearer_ ? secret : std::string_view());
        const parley_str value = arena.copy(bearer_ ? std::string_view(bearer) : secret);
        headers[count++] = {str(key_header_), value, PARLEY_HEADER_SECRET};
    }
    out.headers = headers;
    out.header_count = count;
}

std::size_t Provider::windows(const parley_http_reply_head& head,
                              int64_t wall_ms,
                              std::span<parley_window> out) noexcept {
    return sdk::read_windows(head, wall_ms, out);
}

}  // namespace parley::openai
