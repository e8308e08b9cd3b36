#include "login.hpp"

#include <array>

namespace parley::claude {

using sdk::view;

namespace {

// Whose tokens they are: the reply says so beside them, in objects of its own.
sdk::SecretText named(const sdk::SecretText& document, std::string_view reply) {
    const std::string_view account = sdk::member_raw(reply, "account");
    const std::string_view organization = sdk::member_raw(reply, "organization");
    const auto told = [&](std::string_view name, std::string_view object, std::string_view member) {
        sdk::SecretText text = sdk::member_text(object, member);
        return text.view().empty() ? sdk::member_text(document.view(), name) : std::move(text);
    };
    const auto email = told("email", account, "email_address");
    const auto user = told("account_uuid", account, "uuid");
    const auto of = told("organization_uuid", organization, "uuid");
    const std::array<sdk::Member, 3> members{sdk::Member{"email", email.view()},
                                             {"account_uuid", user.view()},
                                             {"organization_uuid", of.view()}};
    return sdk::with_members_behind_tokens(document.view(), members);
}

class Refresh final : public sdk::TokenRefresh {
public:
    using TokenRefresh::TokenRefresh;

private:
    sdk::SecretText completed(sdk::SecretText document, std::string_view reply) override {
        return named(document, reply);
    }
};

class BrowserLogin final : public sdk::CodeLogin {
public:
    using CodeLogin::CodeLogin;

private:
    sdk::SecretText completed(sdk::SecretText document, std::string_view reply) override {
        return named(document, reply);
    }
};

}  // namespace

void Login::configure(std::string_view json) {
    const auto text = [&](std::string_view name) {
        return std::string(sdk::member_text(json, name).view());
    };
    authorize_url_ = text("authorize_url");
    token_url_ = text("token_url");
    client_id_ = text("client_id");
    scope_ = text("scope");
    callback_port_ = static_cast<uint32_t>(sdk::member_count(json, "callback_port"));
}

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    if (!sdk::is_token_document(secret)) {
        out.label = arena.copy(sdk::end_of_key(secret));
        return;
    }
    sdk::check_token_document(secret, "a login of Claude");
    sdk::fill_facts(secret, out);
    const auto email = sdk::member_text(secret, "email");
    const auto user = sdk::member_text(secret, "account_uuid");
    const auto of = sdk::member_text(secret, "organization_uuid");
    std::string id(user.view().empty() ? email.view() : user.view());
    if (!of.view().empty()) id.append("/").append(of.view());
    out.id = arena.copy(id);
    out.label = arena.copy(email.view());
    const std::array<sdk::Member, 2> members{sdk::Member{"email", email.view()},
                                             {"organization_uuid", of.view()}};
    out.attributes = arena.copy(sdk::with_members("{}", members).view());
}

sdk::OAuthTerms Login::terms() const {
    sdk::OAuthTerms terms;
    terms.token_url = token_url_;
    terms.client_id = client_id_;
    terms.is_json = true;
    return terms;
}

std::unique_ptr<sdk::Op> Login::login_begin(const parley_login_ask& ask) {
    sdk::CodeTerms code{terms()};
    code.authorize_url = authorize_url_;
    code.port = callback_port_;
    code.path = "/callback";
    code.sends_state = true;
    code.more = {{"code", "true"}, {"response_type", "code"}, {"scope", scope_}};
    code.message = "Open this page in a browser and log in to Claude.";
    return std::make_unique<BrowserLogin>(host_, std::move(code), view(ask.callback_origin));
}

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    return std::make_unique<Refresh>(terms(), view(account.secret));
}

parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    return arena.copy(sdk::redacted(secret, sdk::kTokens));
}

}  // namespace parley::claude
