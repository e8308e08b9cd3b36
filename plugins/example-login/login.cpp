#include "login.hpp"

namespace parley::example_login {

sdk::OAuthTerms Login::terms() const {
    sdk::OAuthTerms terms;
    terms.token_url = settings_.token_url;
    terms.client_id = settings_.client_id;
    terms.kept = {"user"};  // the token server says whose tokens they are
    return terms;
}

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    sdk::check_token_document(secret, "a login of example-login");
    sdk::fill_facts(secret, out);  // until when it holds, and whether it can be renewed
    out.id = arena.copy(sdk::member_text(secret, "user").view());
    out.label = out.id;
}

std::unique_ptr<sdk::Op> Login::login_begin(const parley_login_ask&) {
    sdk::DeviceTerms device{terms()};
    device.device_url = settings_.device_url;
    device.scope = settings_.scope;
    device.has_pkce = true;
    device.message = "Open the page on any device and confirm the code.";
    return std::make_unique<sdk::DeviceLogin>(host_, std::move(device));
}

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    return std::make_unique<sdk::TokenRefresh>(terms(), sdk::view(account.secret));
}

parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    return arena.copy(sdk::redacted(secret, sdk::kTokens));
}

}  // namespace parley::example_login
