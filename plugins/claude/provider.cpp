#include "provider.hpp"

#include <algorithm>

#include "parley/sdk/headers.hpp"
#include "parley/sdk/oauth.hpp"
#include "parley/sdk/settings.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kOfficialUrl = "https://api.anthropic.com";

constexpr std::string_view kVersion = "2023-06-01";

// Tokens of logins are taken with it only.
constexpr std::string_view kLoginBeta = "oauth-2025-04-20";

const std::array kDialects{str(kDialect)};

const std::array kOffers{parley_model_offer{sizeof(parley_model_offer), 0, str("claude-*")}};

sdk::BaseUrl place_of(std::string_view url) {
    sdk::BaseUrl place = sdk::BaseUrl::of("base_url", url);
    // The paths of the dialect begin with it.
    constexpr std::string_view kPrefix = "/v1";
    if (place.path.ends_with(kPrefix)) place.path.resize(place.path.size() - kPrefix.size());
    return place;
}

// What a class of failure says of whom, and what may help.
struct Row {
    int32_t error_class;
    uint32_t fault;
    uint32_t scope;
    uint32_t advice;
    uint64_t cool_down_ms;
};

constexpr uint64_t kMinute = 60'000;

constexpr std::array kRows{
    Row{PARLEY_E_INVALID_ARGUMENT,
        PARLEY_FAULT_CLIENT,
        PARLEY_SCOPE_REQUEST,
        PARLEY_ADVICE_NEVER,
        0},
    Row{PARLEY_E_CONTEXT_TOO_LONG,
        PARLEY_FAULT_CLIENT,
        PARLEY_SCOPE_REQUEST,
        PARLEY_ADVICE_NEVER,
        0},
    Row{PARLEY_E_TOO_LARGE, PARLEY_FAULT_CLIENT, PARLEY_SCOPE_REQUEST, PARLEY_ADVICE_NEVER, 0},
    Row{PARLEY_E_UNAUTHENTICATED,
        PARLEY_FAULT_GATEWAY,
        PARLEY_SCOPE_ACCOUNT,
        PARLEY_ADVICE_OTHER_ACCOUNT,
        30 * kMinute},
    Row{PARLEY_E_PAYMENT_REQUIRED,
        PARLEY_FAULT_GATEWAY,
        PARLEY_SCOPE_ACCOUNT,
        PARLEY_ADVICE_OTHER_ACCOUNT,
        30 * kMinute},
    Row{PARLEY_E_FORBIDDEN,
        PARLEY_FAULT_GATEWAY,
        PARLEY_SCOPE_ACCOUNT,
        PARLEY_ADVICE_OTHER_ACCOUNT,
        30 * kMinute},
    Row{PARLEY_E_NOT_FOUND,
        PARLEY_FAULT_CLIENT,
        PARLEY_SCOPE_MODEL,
        PARLEY_ADVICE_OTHER_PROVIDER,
        0},
    Row{PARLEY_E_CONFLICT, PARLEY_FAULT_UPSTREAM, PARLEY_SCOPE_REQUEST, PARLEY_ADVICE_SAME, 0},
    Row{PARLEY_E_RATE_LIMITED,
        PARLEY_FAULT_UPSTREAM,
        PARLEY_SCOPE_ACCOUNT,
        PARLEY_ADVICE_OTHER_ACCOUNT,
        0},
    Row{PARLEY_E_QUOTA_EXHAUSTED,
        PARLEY_FAULT_UPSTREAM,
        PARLEY_SCOPE_ACCOUNT,
        PARLEY_ADVICE_OTHER_ACCOUNT,
        30 * kMinute},
    Row{PARLEY_E_TIMEOUT, PARLEY_FAULT_UPSTREAM, PARLEY_SCOPE_MODEL, PARLEY_ADVICE_SAME, 0},
    Row{PARLEY_E_OVERLOADED,
        PARLEY_FAULT_UPSTREAM,
        PARLEY_SCOPE_MODEL,
        PARLEY_ADVICE_OTHER_PROVIDER,
        0},
    Row{PARLEY_E_UPSTREAM_FAILED, PARLEY_FAULT_UPSTREAM, PARLEY_SCOPE_MODEL, PARLEY_ADVICE_SAME, 0},
};

}  // namespace

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri", "default": "https://api.anthropic.com",
      "description": "where the API is, up to what stands before /v1"
    },
    "key_header": {
      "type": "string", "default": "x-api-key",
      "description": "the header that carries the key; authorization sends it as a bearer token"
    },
    "authorize_url": {
      "type": "string", "format": "uri", "default": "https://claude.ai/oauth/authorize",
      "description": "the page where accounts log in"
    },
    "token_url": {
      "type": "string", "format": "uri", "default": "https://api.anthropic.com/v1/oauth/token",
      "description": "where logins get their tokens"
    },
    "client_id": {
      "type": "string", "default": "9d1c250a-e61b-44d9-88ed-5944d1962f5e",
      "description": "who asks there"
    },
    "scope": {
      "type": "string", "default": "org:create_api_key user:profile user:inference",
      "description": "what a login asks for"
    },
    "callback_port": {
      "type": "integer", "minimum": 1, "maximum": 65535, "default": 54545,
      "description": "where a browser comes back to; the login page has to know the port"
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
    base_ = place_of(settings.text("base_url"));
    official_ = base_.origin + base_.path == kOfficialUrl;
}

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    return official_ ? std::span<const parley_model_offer>(kOffers)
                     : std::span<const parley_model_offer>();
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    sdk::set_place(ask, base_, view(ask.path), arena, out, place_of);
    auto* headers = arena.array<parley_header>(headers_.size() + 3);
    uint64_t count = 0;
    if (sdk::header(*ask.client, "anthropic-version").empty()) {
        headers[count++] = {str("anthropic-version"), str(kVersion), 0};
    }
    for (const auto& [name, value] : headers_) headers[count++] = {str(name), str(value), 0};
    count += prove(ask, arena, headers + count);
    out.headers = headers;
    out.header_count = count;
}

uint64_t Provider::prove(const parley_plan_ask& ask,
                         sdk::Arena& arena,
                         parley_header* headers) const {
    const std::string_view secret = view(ask.account->secret);
    if (secret.empty()) return 0;
    const bool is_login = sdk::is_token_document(secret);
    const std::string_view proof = is_login ? sdk::token_in(secret) : secret;
    const std::string_view name = is_login ? std::string_view("authorization") : key_header_;
    headers[0] = sdk::proof_header(name, proof, arena);
    if (!is_login) return 1;
    // The client's own betas hold as well.
    std::string betas;
    const auto add = [&](std::string_view more) {
        betas.append(betas.empty() ? "" : ",").append(more);
    };
    for (uint32_t i = 0; i < ask.client->header_count; ++i) {
        const parley_header& one = ask.client->headers[i];
        if (sdk::is_header(one, "anthropic-beta")) add(view(one.value));
    }
    if (betas.find(kLoginBeta) == betas.npos) add(kLoginBeta);
    headers[1] = {str("anthropic-beta"), arena.copy(betas), 0};
    return 2;
}

void Provider::classify(const parley_account& account,
                        const parley_http_reply_head*,
                        std::string_view,
                        const parley_error& told,
                        sdk::Arena&,
                        parley_verdict& out) {
    out.error = told;
    for (const Row& row : kRows) {
        if (row.error_class != out.error.error_class) continue;
        out.error.fault = row.fault;
        out.error.scope = row.scope;
        out.error.advice = row.advice;
        out.cool_down_ms = row.cool_down_ms;
    }
    if (sdk::is_refused_login(account, out.error)) {
        sdk::ask_for_refresh(out.error);
        out.cool_down_ms = 0;
    }
    if (out.error.retry_after_ms != 0) out.cool_down_ms = out.error.retry_after_ms;
}

}  // namespace parley::claude
