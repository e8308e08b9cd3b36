#include "provider.hpp"

#include "parley/sdk/settings.hpp"

namespace parley::example_key {

namespace {

constexpr uint64_t kUsedUpMs = 3'600'000;  // then it is tried again

}  // namespace

void Provider::configure(std::string_view json) {
    const sdk::Settings settings(json);
    base_ = sdk::BaseUrl::of("base_url", settings.text("base_url"));
    team_ = settings.text("team");
}

std::span<const parley_str> Provider::dialects() {
    static constexpr parley_str kSpoken[] = {sdk::str("openai-chat")};
    return kSpoken;
}

// What is said of it lives in the arena, or in this instance.
void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    std::string_view path = sdk::view(ask.path);
    if (path.starts_with("/v1/")) path.remove_prefix(3);  // base_url has the version
    sdk::set_place(ask, base_, path, arena, out);
    auto* headers = arena.array<parley_header>(2);
    headers[out.header_count++] = {
        sdk::str("x-api-key"), ask.account->secret, PARLEY_HEADER_SECRET};
    if (!team_.empty()) headers[out.header_count++] = {sdk::str("x-team"), sdk::str(team_), 0};
    out.headers = headers;
}

void Provider::classify(const parley_account&,
                        const parley_http_reply_head*,
                        std::string_view,
                        const parley_error& told,
                        sdk::Arena&,
                        parley_verdict& out) {
    out.error = told;
    if (sdk::view(told.code) != "out_of_credit") return;
    out.error.error_class = PARLEY_E_QUOTA_EXHAUSTED;
    out.error.scope = PARLEY_SCOPE_ACCOUNT;
    out.error.advice = PARLEY_ADVICE_OTHER_ACCOUNT;
    out.cool_down_ms = kUsedUpMs;
}

}  // namespace parley::example_key
