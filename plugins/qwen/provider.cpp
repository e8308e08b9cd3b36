#include "provider.hpp"

#include <array>

#include "parley/sdk/empty_tools.hpp"
#include "parley/sdk/oauth.hpp"
#include "place.hpp"

namespace parley::qwen {

using sdk::str;
using sdk::view;

namespace {

constexpr parley_model_offer offer(std::string_view pattern) {
    return {sizeof(parley_model_offer), 0, str(pattern)};
}

// What the places of its own serve; others name their models in the configuration.
constexpr std::array kOffers{
    offer("qwen*"),
    offer("qwq-*"),
    offer("qvq-*"),
    offer("coder-model"),
    offer("vision-model"),
    offer("text-embedding-v*"),
};

constexpr parley_str kDialects[] = {str("openai-chat")};

const sdk::BaseUrl& dash_scope() {
    static const sdk::BaseUrl place{"https://dashscope.aliyuncs.com", "/compatible-mode/v1"};
    return place;
}

}  // namespace

void Provider::configure(std::string_view json) {
    settings_ = Settings::read(json);
    if (!settings_.base_url.empty()) base_ = sdk::BaseUrl::of("base_url", settings_.base_url);
}

std::span<const parley_str> Provider::dialects() {
    return kDialects;
}

std::span<const parley_model_offer> Provider::models() {
    if (base_) return {};
    return kOffers;
}

void Provider::plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
    const std::string_view secret = view(ask.account->secret);
    if (!sdk::is_token_document(secret)) {
        const sdk::BaseUrl& base = base_ ? *base_ : dash_scope();
        return sdk::plan_bearer(ask, base, settings_.headers, secret, arena, out);
    }
    const auto resource_url = sdk::member_text(view(ask.account->attributes), kResourceUrl);
    const sdk::BaseUrl base = base_ ? *base_ : place_of_login(resource_url.view());
    sdk::plan_bearer(ask, base, settings_.headers, sdk::token_in(secret), arena, out);
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
    if (sdk::is_refused_login(account, out.error)) sdk::ask_for_refresh(out.error);
}

}  // namespace parley::qwen
