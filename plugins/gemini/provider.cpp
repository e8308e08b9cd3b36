#include "provider.hpp"

#include <algorithm>
#include <array>

#include "assist.hpp"
#include "parley/sdk/oauth.hpp"
#include "parley/sdk/settings.hpp"
#include "parley/sdk/windows.hpp"
#include "service_account.hpp"
#include "vertex_body.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

constexpr parley_model_offer offer(std::string_view pattern) {
    return {sizeof(parley_model_offer), 0, str(pattern)};
}

// What Google serves; other places name their models in the configuration.
constexpr std::array kVertexOffers{
    offer("gemini-*"),
    offer("imagen-*"),
    offer("veo-*"),
    offer("text-embedding-*"),
    offer("text-multilingual-embedding-*"),
};

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

}  // namespace

constexpr std::string_view kSchemaText = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri",
      "description": "where the API is, without its version; Google's own when it is not given"
    },
    "vertex": {
      "type": "boolean", "default": false,
      "description": "whether that is Vertex AI instead of the Gemini API"
    },
    "project": {
      "type": "string", "default": "",
      "description": "Vertex AI and logins: the project; empty: the account's own"
    },
    "location": {
      "type": "string", "default": "global",
      "description": "Vertex AI: global, a region such as europe-west4, or eu or us"
    },
    "api_version": {
      "type": "string", "default": "v1",
      "description": "Vertex AI: v1, or v1beta1 for what is not in v1 yet"
    },
    "token_url": {
      "type": "string", "default": "",
      "description": "where tokens come from; empty: where a key says, or Google's"
    },
    "client_id": {
      "type": "string", "default": "",
      "description": "what logins name themselves by: the id of an OAuth client of yours"
    },
    "client_secret": {
      "type": "string", "default": "",
      "description": "what they prove themselves by, as $GOOGLE_CLIENT_SECRET; none is built in"
    },
    "authorize_url": {
      "type": "string", "default": "https://accounts.google.com/o/oauth2/v2/auth",
      "description": "where a browser goes to log in"
    },
    "user_url": {
      "type": "string", "default": "https://www.googleapis.com/oauth2/v1/userinfo?alt=json",
      "description": "where a login asks whose account it is"
    },
    "projects_url": {
      "type": "string", "default": "https://cloudresourcemanager.googleapis.com/v1/projects",
      "description": "where a login finds the account's projects"
    },
    "code_assist_url": {
      "type": "string", "format": "uri", "default": "https://cloudcode-pa.googleapis.com",
      "description": "where accounts that logged in are served, unless the place is Vertex AI"
    },
    "callback_port": {
      "type": "integer", "minimum": 0, "maximum": 65535, "default": 8085,
      "description": "where a browser comes back to on this machine; 0: to Parley's own address"
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
    const sdk::Settings said(json);
    Settings settings;
    settings.base_url = said.text("base_url");
    settings.is_vertex = said.flag("vertex");
    settings.project = said.text("project");
    settings.location = said.text("location");
    settings.api_version = said.text("api_version");
    assist_ = sdk::BaseUrl::of("code_assist_url", said.text("code_assist_url"));
    key_header_ = said.text("key_header");
    headers_ = said.texts("headers");
    place_ = Place::of(std::move(settings));
}

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    if (!place_.is_official()) return {};
    if (place_.is_vertex()) return kVertexOffers;
    return kOffers;
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    const std::string_view secret = view(ask.account->secret);
    const bool has_token = sdk::is_token_document(secret);
    const std::string_view proof = has_token ? sdk::token_in(secret) : secret;
    const AssistAccount assist =
        has_token ? assist_account(view(ask.account->attributes)) : AssistAccount();
    // Accounts may have an address of their own.
    const std::string_view own = view(ask.account->base_url);
    const Place moved = own.empty() || assist.is_one ? Place() : place_.at(own);
    const Place& place = own.empty() ? place_ : moved;
    const sdk::BaseUrl base = own.empty() ? assist_ : sdk::BaseUrl::of("base_url", own);
    std::string target = assist.is_one ? base.path + assist_path(ask)
                                       : place.path_of(view(ask.path), assist.project, has_token);
    if (ask.query.len != 0) {
        target += '?';
        target += view(ask.query);
    }
    out.origin = arena.copy(assist.is_one ? std::string_view(base.origin) : place.origin());
    out.target = arena.copy(target);
    auto* headers = arena.array<parley_header>(headers_.size() + 1);
    uint64_t count = 0;
    for (const auto& [name, value] : headers_) headers[count++] = {str(name), str(value), 0};
    if (!proof.empty()) {
        const std::string_view name = has_token ? "authorization" : std::string_view(key_header_);
        headers[count++] = sdk::proof_header(name, proof, arena);
    }
    out.headers = headers;
    out.header_count = count;
}

namespace {

// The account is one of a person who has logged in, and is served by Code Assist.
bool is_assist(const parley_plan_ask& ask) {
    return ask.account != nullptr && sdk::is_token_document(view(ask.account->secret)) &&
           assist_account(view(ask.account->attributes)).is_one;
}

}  // namespace

uint32_t Provider::wants(const parley_plan_ask& ask) {
    if (is_assist(ask)) return PARLEY_WANT_AMEND;
    if (!place_.is_vertex()) return 0;
    // Vertex AI has forms of its own for counts and for vectors, for these in the answer too.
    if (ask.operation == PARLEY_OPERATION_COUNT_TOKENS) return PARLEY_WANT_AMEND;
    const bool predicts = ask.operation == PARLEY_OPERATION_EMBED && is_predicted(view(ask.model));
    return predicts ? PARLEY_WANT_AMEND | PARLEY_WANT_CANONICAL : 0;
}

void Provider::amend(const parley_plan_ask& ask,
                     std::string_view body,
                     sdk::Arena& arena,
                     parley_amendment& out) {
    if (is_assist(ask)) {
        wrap(ask, assist_account(view(ask.account->attributes)).project, body, arena, out);
        return;
    }
    const bool counts = ask.operation == PARLEY_OPERATION_COUNT_TOKENS;
    const std::string other = counts ? unwrapped_count(body) : to_instances(body);
    if (other.empty()) return;
    auto* edit = arena.array<parley_edit>(1);
    *edit = {0, body.size(), arena.copy(other)};
    out.edits = edit;
    out.edit_count = 1;
}

// A key's quotas are counted by model, so another model of the same account may still answer.
void Provider::classify(const parley_account& account,
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
            e.fault = PARLEY_FAULT_GATEWAY;
            // A token that was revoked, or that our clock took for a good one.
            if (sdk::is_token_document(view(account.secret))) {
                decide(PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_REFRESH);
            } else {
                decide(PARLEY_SCOPE_ACCOUNT, PARLEY_ADVICE_OTHER_ACCOUNT, kHourMs);
            }
            break;
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

// Google itself tells none; gateways in front of such places do.
std::size_t Provider::windows(const parley_http_reply_head& head,
                              int64_t wall_ms,
                              std::span<parley_window> out) noexcept {
    return sdk::read_windows(head, wall_ms, out);
}

}  // namespace parley::gemini
