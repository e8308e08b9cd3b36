#include "provider.hpp"

#include <algorithm>
#include <array>

#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kOfficialUrl = "https://generativelanguage.googleapis.com";

constexpr parley_model_offer offer(std::string_view pattern) {
    return {sizeof(parley_model_offer), 0, str(pattern)};
}

// What Google serves; other places name their models in the configuration.
constexpr std::array kOffers{
    offer("gemini-*"),
    offer("gemma-*"),
    offer("learnlm-*"),
    offer("imagen-*"),
    offer("veo-*"),
    offer("text-embedding-004"),
    offer("embedding-001"),
    offer("tunedModels/*"),
};

constexpr parley_str kDialects[] = {str(kDialectId)};

[[noreturn]] void bad_url(const std::string& url) {
    throw Failure(PARLEY_E_CONFIG,
                  "base_url: \"" + url + "\" is not like https://host[:port]/path");
}

}  // namespace

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri",
      "default": "https://generativelanguage.googleapis.com",
      "description": "where the API is, without its version"
    },
    "key_header": {
      "type": "string", "default": "x-goog-api-key",
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
    key_header_ = "x-goog-api-key";
    each_member(json, [&](const JsonString& key, JsonReader& r) {
        if (key.raw == "base_url") {
            url = read_word(r).text();
        } else if (key.raw == "key_header") {
            key_header_ = read_word(r).text();
        } else if (key.raw == "headers") {
            each_member(r, [&](const JsonString& name, JsonReader& value) {
                headers_.emplace_back(name.text(), read_word(value).text());
            });
        } else {
            r.skip();
        }
    });
    while (url.ends_with('/')) url.pop_back();
    official_ = url == kOfficialUrl;
    const std::size_t host = url.find("://");
    if (host == url.npos || (!url.starts_with("http://") && !url.starts_with("https://"))) {
        bad_url(url);
    }
    const std::size_t path = url.find('/', host + 3);
    origin_ = url.substr(0, path);
    if (path != url.npos) prefix_ = url.substr(path);
    if (origin_.size() == host + 3 || origin_.find('@') != origin_.npos) bad_url(url);
    // The version comes with each request.
    for (const std::string_view version : {"/v1beta", "/v1"}) {
        if (prefix_.ends_with(version)) prefix_.resize(prefix_.size() - version.size());
    }
}

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    return official_ ? std::span<const parley_model_offer>(kOffers)
                     : std::span<const parley_model_offer>();
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    std::string target = prefix_;
    target += view(ask.path);
    if (ask.query.len != 0) {
        target += '?';
        target += view(ask.query);
    }
    out.origin = str(origin_);
    out.target = arena.copy(target);
    auto* headers = arena.array<parley_header>(headers_.size() + 1);
    uint64_t count = 0;
    for (const auto& [name, value] : headers_) headers[count++] = {str(name), str(value), 0};
    const std::string_view secret = view(ask.account->secret);
    if (!secret.empty()) {
        const bool bearer = key_header_ == "authorization";
        const std::string value = (bearer ? "Bearer " : "") + std::string(secret);
        headers[count++] = {str(key_header_), arena.copy(value), PARLEY_HEADER_SECRET};
    }
    out.headers = headers;
    out.header_count = count;
}

// A key's quotas are counted by model, so another model of the same account may still answer.
void Provider::classify(const parley_account&,
                        const parley_http_reply_head* head,
                        std::string_view body,
                        const parley_error& told,
                        sdk::Arena&,
                        parley_verdict& out) {
    constexpr uint64_t kHourMs = 3'600'000;
    parley_error& e = out.error;
    e = told;
    if (head == nullptr) return;
    const bool for_model = body.find("PerModel") != body.npos;
    const auto decide = [&](uint32_t scope, uint32_t advice, uint64_t cool_down_ms = 0) {
        e.scope = scope;
        e.advice = advice;
        out.cool_down_ms = cool_down_ms;
    };
    switch (told.error_class) {
        case PARLEY_E_RATE_LIMITED:
            decide(for_model ? PARLEY_SCOPE_MODEL : PARLEY_SCOPE_ACCOUNT,
                   PARLEY_ADVICE_OTHER_ACCOUNT,
                   told.retry_after_ms);
            break;
        case PARLEY_E_QUOTA_EXHAUSTED:
            decide(for_model ? PARLEY_SCOPE_MODEL : PARLEY_SCOPE_ACCOUNT,
                   PARLEY_ADVICE_OTHER_ACCOUNT,
                   std::max(told.retry_after_ms, kHourMs));
            break;
        case PARLEY_E_UNAUTHENTICATED:
        case PARLEY_E_FORBIDDEN:
        case PARLEY_E_PAYMENT_REQUIRED:
            e.fault = PARLEY_FAULT_GATEWAY;
            decide(PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT, kHourMs);
            break;
        case PARLEY_E_PRECONDITION:  // a region, or billing that is off
            decide(PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT, kHourMs);
            break;
        case PARLEY_E_NOT_FOUND:
            decide(PARLEY_SCOPE_MODEL, PARLEY_ADVICE_OTHER_PROVIDER);
            break;
        case PARLEY_E_OVERLOADED:
            decide(PARLEY_SCOPE_MODEL, PARLEY_ADVICE_AFTER, told.retry_after_ms);
            break;
        case PARLEY_E_INVALID_ARGUMENT:
        case PARLEY_E_UNSUPPORTED:
        case PARLEY_E_CONTEXT_TOO_LONG:
        case PARLEY_E_CONTENT_BLOCKED:
        case PARLEY_E_TOO_LARGE:
            e.fault = PARLEY_FAULT_CLIENT;
            decide(PARLEY_SCOPE_REQUEST, PARLEY_ADVICE_NEVER);
            break;
        default:
            decide(PARLEY_SCOPE_ENDPOINT, PARLEY_ADVICE_SAME);
            break;
    }
}

}  // namespace parley::gemini
