#include "provider.hpp"

#include <algorithm>
#include <array>

#include "amender.hpp"
#include "parley/sdk/oauth.hpp"

namespace parley::codex {

using sdk::str;
using sdk::view;

namespace {

constexpr parley_str kDialects[] = {str("openai-responses")};

constexpr parley_model_offer offer(std::string_view pattern) {
    return {sizeof(parley_model_offer), 0, str(pattern)};
}

// What both serve; other places name their models in the configuration.
constexpr std::array kOffers{offer("gpt-5*"), offer("codex-*")};

bool is_chatgpt(const parley_account& account) {
    return sdk::is_token_document(view(account.secret));
}

// The paths below /v1 that the backend has.
std::string_view backend_path(std::string_view path) {
    if (path.starts_with("/v1/")) path.remove_prefix(3);
    if (path == "/responses" || path == "/responses/compact") return path;
    throw sdk::Failure(PARLEY_E_UNSUPPORTED,
                       "ChatGPT's backend has no " + std::string(path) + ", OpenAI's API does");
}

}  // namespace

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    if (!settings_.is_official) return {};
    return kOffers;
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    const std::string_view secret = view(ask.account->secret);
    if (!is_chatgpt(*ask.account)) {
        return sdk::plan_bearer(ask, settings_.api, settings_.headers, secret, arena, out);
    }
    parley_plan_ask of_backend = ask;
    of_backend.path = str(backend_path(view(ask.path)));
    sdk::plan_bearer(
        of_backend, settings_.backend, settings_.headers, sdk::token_in(secret), arena, out);
    auto* headers = arena.array<parley_header>(out.header_count + 2);
    uint64_t count = 0;
    const auto account_id = sdk::member_text(view(ask.account->attributes), "account_id");
    if (!account_id.view().empty()) {
        headers[count++] = {str("chatgpt-account-id"), arena.copy(account_id.view()), 0};
    }
    if (ask.operation == PARLEY_OPERATION_GENERATE) {
        headers[count++] = {str("accept"), str("text/event-stream"), 0};
    }
    std::copy_n(out.headers, out.header_count, headers + count);
    out.headers = headers;
    out.header_count += count;
}

void Provider::classify(const parley_account& account,
                        const parley_http_reply_head*,
                        std::string_view,
                        const parley_error& told,
                        sdk::Arena&,
                        parley_verdict& out) {
    out.error = told;
    if (sdk::is_refused_login(account, told)) sdk::ask_for_refresh(out.error);
}

// The backend answers with streams only, and does not count.
uint32_t Provider::wants(const parley_plan_ask& ask) {
    if (!is_chatgpt(*ask.account)) return 0;
    if (ask.operation == PARLEY_OPERATION_COUNT_TOKENS) return PARLEY_WANT_CANONICAL;
    if (ask.operation != PARLEY_OPERATION_GENERATE) return 0;
    return ask.stream != 0 ? PARLEY_WANT_AMEND : PARLEY_WANT_AMEND | PARLEY_WANT_CANONICAL;
}

void Provider::amend(const parley_plan_ask& ask,
                     std::string_view body,
                     sdk::Arena& arena,
                     parley_amendment& out) {
    if (ask.operation == PARLEY_OPERATION_GENERATE) Amender(body, arena).amend(out);
}

}  // namespace parley::codex
