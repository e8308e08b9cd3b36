#include "provider.hpp"

#include "parley/sdk/oauth.hpp"

namespace parley::example_login {

void Provider::configure(std::string_view json) {
    base_ = sdk::BaseUrl::of("base_url", Settings::read(json).base_url);
}

std::span<const parley_str> Provider::dialects() {
    static constexpr parley_str kSpoken[] = {sdk::str("openai-chat")};
    return kSpoken;
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    // The host has looked that the token is good for a while yet.
    const std::string_view token = sdk::token_in(sdk::view(ask.account->secret));
    sdk::plan_bearer(ask, base_, {}, token, arena, out);
}

void Provider::classify(const parley_account&,
                        const parley_http_reply_head*,
                        std::string_view,
                        const parley_error& told,
                        sdk::Arena&,
                        parley_verdict& out) {
    out.error = told;
    if (told.error_class != PARLEY_E_UNAUTHENTICATED) return;
    // The token was taken back before its time: not the client's fault, and a new one may do.
    out.error.fault = PARLEY_FAULT_GATEWAY;
    out.error.scope = PARLEY_SCOPE_ACCOUNT;
    out.error.advice = PARLEY_ADVICE_REFRESH;
}

}  // namespace parley::example_login
