#include "login.hpp"

#include <algorithm>

#include "claims.hpp"
#include "device_login.hpp"
#include "granted.hpp"

namespace parley::codex {

using sdk::view;

namespace {

constexpr int64_t kLeadMaxMs = 5ll * 24 * 3600 * 1000;

// Tokens live for days: renewed at half of that, an outage of the login server is no matter.
int64_t renewal_of(const Claims& token) {
    const int64_t life_ms = token.expires_at_ms - token.issued_at_ms;
    if (token.issued_at_ms == 0 || life_ms <= 0) return 0;
    return token.expires_at_ms - std::min(life_ms / 2, kLeadMaxMs);
}

class Refresh final : public sdk::TokenRefresh {
public:
    using TokenRefresh::TokenRefresh;

private:
    sdk::SecretText completed(sdk::SecretText document, std::string_view) override {
        return named(document.view());
    }
};

class BrowserLogin final : public sdk::CodeLogin {
public:
    using CodeLogin::CodeLogin;

private:
    sdk::SecretText completed(sdk::SecretText document, std::string_view) override {
        return named(document.view());
    }
};

}  // namespace

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    if (!sdk::is_token_document(secret)) {
        out.label = arena.copy(sdk::end_of_key(secret));
        return;
    }
    sdk::check_token_document(secret, "a login of ChatGPT");
    sdk::fill_facts(secret, out);
    const Claims token = claims_of(sdk::token_in(secret));
    if (out.expires_at_ms == 0) out.expires_at_ms = token.expires_at_ms;
    if (out.expires_at_ms == token.expires_at_ms) out.refresh_at_ms = renewal_of(token);
    const Identity who = identity_in(secret);
    out.id = arena.copy(who.account_id.empty() ? who.email : who.account_id + '/' + who.user);
    out.label = arena.copy(who.email.empty() ? who.account_id : who.email);
    std::string attributes;
    sdk::JsonWriter w(attributes);
    w.begin_object();
    if (!who.account_id.empty()) w.key("account_id").string(who.account_id);
    if (!who.email.empty()) w.key("email").string(who.email);
    if (!who.plan.empty()) w.key("plan").string(who.plan);
    w.end_object();
    out.attributes = arena.copy(attributes);
}

std::unique_ptr<sdk::Op> Login::login_begin(const parley_login_ask& ask) {
    const sdk::OAuthTerms terms = terms_of(settings_);
    if (sdk::member_raw(view(ask.params), "device") == "true") {
        return std::make_unique<DeviceLogin>(terms, settings_.issuer);
    }
    sdk::CodeTerms code{terms};
    code.authorize_url = settings_.issuer + "/oauth/authorize";
    code.port = settings_.callback_port;
    code.path = "/auth/callback";
    code.more = {{"response_type", "code"},
                 {"scope", "openid email profile offline_access"},
                 {"prompt", "login"},
                 {"id_token_add_organizations", "true"},
                 {"codex_cli_simplified_flow", "true"}};
    code.message = "Open this page in a browser and log in to ChatGPT.";
    return std::make_unique<BrowserLogin>(host_, std::move(code), view(ask.callback_origin));
}

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    return std::make_unique<Refresh>(terms_of(settings_), view(account.secret));
}

parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    return arena.copy(sdk::redacted(secret, sdk::kTokens));
}

}  // namespace parley::codex
