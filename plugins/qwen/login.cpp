#include "login.hpp"

#include <array>

#include "place.hpp"

namespace parley::qwen {

using sdk::str;
using sdk::view;

namespace {

std::string attributes_of(std::string_view secret) {
    const auto email = sdk::member_text(secret, "email");
    const auto resource_url = sdk::member_text(secret, kResourceUrl);
    const std::array<sdk::Member, 2> members{sdk::Member{"email", email.view()},
                                             {kResourceUrl, resource_url.view()}};
    return std::string(sdk::with_members("{}", members).view());
}

}  // namespace

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    if (!sdk::is_token_document(secret)) {
        out.label = arena.copy(sdk::end_of_key(secret));
        return;
    }
    sdk::check_token_document(secret, "a login of Qwen");
    place_of_login(sdk::member_text(secret, kResourceUrl).view());
    sdk::fill_facts(secret, out);
    out.id = arena.copy(sdk::member_text(secret, "email").view());
    out.label = out.id;
    out.attributes = arena.copy(attributes_of(secret));
}

sdk::OAuthTerms Login::terms() const {
    sdk::OAuthTerms terms;
    terms.token_url = settings_.token_url;
    terms.client_id = settings_.client_id;
    // A refresh token that is over is refused as an invalid request.
    terms.is_400_final = true;
    terms.kept = {std::string(kResourceUrl)};
    return terms;
}

std::unique_ptr<sdk::Op> Login::login_begin(const parley_login_ask& ask) {
    sdk::DeviceTerms device{terms()};
    device.device_url = settings_.device_url;
    device.scope = settings_.scope;
    device.has_pkce = true;
    device.message = "Open the page, log in to Qwen and confirm the code.";
    const auto email = sdk::member_text(view(ask.params), "email");
    const std::array<sdk::Member, 1> members{sdk::Member{"email", email.view()}};
    device.document = sdk::with_members("{}", members).view();
    return std::make_unique<sdk::DeviceLogin>(host_, std::move(device));
}

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    return std::make_unique<sdk::TokenRefresh>(terms(), view(account.secret));
}

parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    return arena.copy(sdk::redacted(secret, sdk::kTokens));
}

}  // namespace parley::qwen
