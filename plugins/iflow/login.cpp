#include "login.hpp"

#include <algorithm>
#include <array>

#include "ops.hpp"

namespace parley::iflow {

using sdk::view;

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    if (!sdk::is_token_document(secret)) {
        out.label = arena.copy(sdk::end_of_key(secret));
        return;
    }
    const bool has_cookie = !sdk::token_in(secret, kCookie).empty();
    const bool has_key = !sdk::token_in(secret, kApiKey).empty();
    if (!has_cookie && !has_key) sdk::check_token_document(secret, "a login of iFlow");
    const bool is_renewed = has_cookie || !sdk::token_in(secret, sdk::kRefreshToken).empty();
    if (is_renewed) out.flags |= PARLEY_SECRET_REFRESHABLE;
    if (!has_key && !is_renewed) {
        throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT,
                           "not a login of iFlow: api_key, refresh_token and cookie are missing");
    }
    if (!has_key) out.flags |= PARLEY_SECRET_PENDING;
    if (is_renewed) {
        out.expires_at_ms = static_cast<int64_t>(sdk::member_count(secret, sdk::kExpiresAtMs));
    }
    if (has_cookie) {
        const auto told_ms = static_cast<int64_t>(sdk::member_count(secret, kRenewAtMs));
        out.refresh_at_ms =
            told_ms != 0 ? told_ms : std::max<int64_t>(0, out.expires_at_ms - kKeyLeadMs);
    }
    const auto email = sdk::member_text(secret, "email");
    const std::array<sdk::Member, 1> members{sdk::Member{"email", email.view()}};
    out.id = arena.copy(email.view());
    out.label = out.id;
    out.attributes = arena.copy(sdk::with_members("{}", members).view());
}

sdk::OAuthTerms Login::terms() const {
    if (settings_.client_secret.empty()) {
        sdk::Failure failure(PARLEY_E_CONFIG,
                             "client_secret: none is built in; set it for this provider, such as "
                             "client_secret = \"$IFLOW_CLIENT_SECRET\"");
        failure.fault = PARLEY_FAULT_GATEWAY;
        failure.scope = PARLEY_SCOPE_ACCOUNT;
        throw failure;
    }
    sdk::OAuthTerms terms;
    terms.token_url = settings_.token_url;
    terms.client_id = settings_.client_id;
    terms.client_secret = settings_.client_secret;
    terms.is_basic = true;
    terms.kept = {"token_type", "scope"};
    return terms;
}

std::unique_ptr<sdk::Op> Login::login_begin(const parley_login_ask& ask) {
    const auto cookie = sdk::member_text(view(ask.params), kCookie);
    if (!cookie.view().empty()) {
        const auto email = sdk::member_text(view(ask.params), "email");
        const std::array<sdk::Member, 2> members{sdk::Member{kCookie, cookie.view()},
                                                 {"email", email.view()}};
        return std::make_unique<CookieKey>(settings_.key_url,
                                           sdk::with_members("{}", members).view());
    }
    sdk::CodeTerms code{terms()};
    code.authorize_url = settings_.authorize_url;
    code.redirect_name = "redirect";
    code.port = settings_.callback_port;
    code.path = "/oauth2callback";
    code.has_pkce = false;  // the provider does not know it
    code.more = {{"loginMethod", "phone"}, {"type", "phone"}};
    code.message = "Log in to iFlow in the browser.";
    return std::make_unique<WithKey<sdk::CodeLogin>>(
        settings_.user_url, host_, std::move(code), view(ask.callback_origin));
}

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    const std::string_view secret = view(account.secret);
    if (!sdk::token_in(secret, kCookie).empty()) {
        return std::make_unique<CookieKey>(settings_.key_url, secret);
    }
    return std::make_unique<WithKey<sdk::TokenRefresh>>(settings_.user_url, terms(), secret);
}

parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    constexpr std::array<std::string_view, 4> kProofs{
        kApiKey, kCookie, sdk::kAccessToken, sdk::kRefreshToken};
    return arena.copy(sdk::redacted(secret, kProofs));
}

}  // namespace parley::iflow
