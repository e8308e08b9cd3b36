#include "provider.hpp"

#include <array>

#include "ops.hpp"
#include "parley/sdk/empty_tools.hpp"

namespace parley::iflow {

using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kOfficialUrl = "https://apis.iflow.cn/v1";

constexpr parley_model_offer offer(std::string_view pattern) {
    return {sizeof(parley_model_offer), 0, str(pattern)};
}

// What the place of its own serves; others name their models in the configuration.
constexpr std::array kOffers{
    offer("qwen3-*"),
    offer("glm-4*"),
    offer("deepseek-*"),
    offer("kimi-k2*"),
    offer("minimax-m2*"),
    offer("iflow-*"),
    offer("tstars*"),
};

constexpr parley_str kDialects[] = {str("openai-chat")};

}  // namespace

void Provider::configure(std::string_view json) {
    settings_ = Settings::read(json);
    if (settings_.base_url.empty()) settings_.base_url = kOfficialUrl;
    base_ = sdk::BaseUrl::of("base_url", settings_.base_url);
}

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    if (settings_.base_url != kOfficialUrl) return {};
    return kOffers;
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    const std::string_view secret = view(ask.account->secret);
    const bool is_login = sdk::is_token_document(secret);
    const std::string_view proof = is_login ? sdk::token_in(secret, kApiKey) : secret;
    sdk::plan_bearer(ask, base_, settings_.headers, proof, arena, out);
}

uint32_t Provider::wants(const parley_plan_ask& ask) {
    return sdk::may_have_empty_tools(view(ask.client->body)) ? PARLEY_WANT_AMEND : 0;
}

void Provider::amend(const parley_plan_ask&,
                     std::string_view body,
                     sdk::Arena& arena,
                     parley_amendment& out) {
    sdk::amend_empty_tools(body, arena, out);
}

void Provider::classify(const parley_account& account,
                        const parley_http_reply_head*,
                        std::string_view,
                        const parley_error& told,
                        sdk::Arena&,
                        parley_verdict& out) {
    out.error = told;
    // So it says, with a status of 200, that a token is over.
    if (view(told.code) == "439") out.error.error_class = PARLEY_E_UNAUTHENTICATED;
    if (sdk::is_refused_login(account, out.error)) sdk::ask_for_refresh(out.error);
}

}  // namespace parley::iflow
