#include "login.hpp"

#include <array>

#include "assist.hpp"
#include "service_account.hpp"
#include "token.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

std::string attributes_of(const ServiceAccount& account) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("project_id").string(account.project);
    w.key("client_email").string(account.email).end_object();
    return json;
}

}  // namespace

void Login::configure(std::string_view json) {
    settings_ = LoginSettings::read(json);
}

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    if (!sdk::is_token_document(secret)) {
        out.label = arena.copy(sdk::end_of_key(secret));
        return;
    }
    if (is_login(secret)) return parse_login(secret, arena, out);
    const ServiceAccount account = read_service_account(secret);
    out.flags = PARLEY_SECRET_REFRESHABLE;
    out.id = arena.copy(account.email);
    out.label = out.id;
    out.attributes = arena.copy(attributes_of(account));
    out.expires_at_ms = account.expires_at_ms;
    if (!account.access_token.view().empty()) return;
    out.flags |= PARLEY_SECRET_PENDING;
    // A key that cannot sign is better told of now than at the first request.
    make_assertion(host_, account, 0);
}

void Login::parse_login(std::string_view secret,
                        sdk::Arena& arena,
                        parley_secret_facts& out) const {
    sdk::check_token_document(secret, "a login of Google");
    sdk::fill_facts(secret, out);
    const auto project = sdk::member_text(secret, "project_id");
    const auto email = sdk::member_text(secret, "email");
    const bool is_assist = !settings_.is_vertex;
    const std::string_view of_account = project.view();
    const std::array<sdk::Member, 3> members{
        sdk::Member{kPlaceAttribute, is_assist ? kAssistPlace : std::string_view()},
        {"project_id", of_account.empty() ? settings_.project : of_account},
        {"email", email.view()}};
    // Two projects of one person are two accounts.
    std::string id(email.view());
    if (!id.empty() && !of_account.empty()) id.append("/").append(of_account);
    out.id = arena.copy(id);
    out.label = arena.copy(email.view());
    out.attributes = arena.copy(sdk::with_members("{}", members).view());
}

std::unique_ptr<sdk::Op> Login::login_begin(const parley_login_ask& ask) {
    return std::make_unique<SignIn>(host_, settings_, ask);
}

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    const std::string_view secret = view(account.secret);
    if (is_login(secret)) {
        return std::make_unique<sdk::TokenRefresh>(login_terms(settings_, secret), secret);
    }
    std::string url = settings_.token_url;
    if (url.empty() && read_service_account(secret).token_url.empty()) url = kGoogleTokenUrl;
    return std::make_unique<TokenRefresh>(host_, secret, url);
}

// Everything but what proves the account.
parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    constexpr std::array<std::string_view, 5> kProofs{
        "private_key", sdk::kAccessToken, sdk::kRefreshToken, "client_secret", "id_token"};
    return arena.copy(sdk::redacted(secret, kProofs));
}

}  // namespace parley::gemini
