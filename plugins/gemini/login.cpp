#include "login.hpp"

#include "service_account.hpp"
#include "token.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

constexpr std::string_view kGoogleTokenUrl = "https://oauth2.googleapis.com/token";

// The end of a key tells people which one it is; of a short one that would be most of it.
std::string_view end_of(std::string_view key) {
    constexpr std::size_t kShown = 4;
    constexpr std::size_t kLongMin = 20;
    return key.size() < kLongMin ? std::string_view() : key.substr(key.size() - kShown);
}

std::string attributes_of(const ServiceAccount& account) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("project_id").string(account.project);
    w.key("client_email").string(account.email).end_object();
    return json;
}

}  // namespace

void Login::configure(std::string_view json) {
    token_url_.clear();
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "token_url") {
            token_url_ = read_word(value).text();
        } else {
            value.skip();
        }
    });
}

void Login::parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
    if (!is_document(secret)) {
        out.label = arena.copy(end_of(secret));
        return;
    }
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

std::unique_ptr<sdk::Op> Login::refresh_begin(const parley_account& account) {
    const std::string_view secret = view(account.secret);
    std::string url = token_url_;
    if (url.empty() && read_service_account(secret).token_url.empty()) url = kGoogleTokenUrl;
    return std::make_unique<TokenRefresh>(host_, secret, url);
}

// Everything but what proves the account.
parley_str Login::redact(std::string_view secret, sdk::Arena& arena) {
    if (!is_document(secret)) {
        return arena.copy("..." + std::string(end_of(secret)));
    }
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object();
    each_member(secret, [&](const JsonString& key, JsonReader& value) {
        const bool is_proof = key.raw == "private_key" || key.raw == "access_token";
        const std::string_view raw = value.raw();
        w.key(key.text());
        is_proof ? w.string("...") : w.raw(raw);
    });
    w.end_object();
    return arena.copy(json);
}

}  // namespace parley::gemini
