#include "service_account.hpp"

#include <array>

#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;

namespace {

constexpr std::string_view kToken = sdk::kAccessToken;
constexpr std::string_view kExpiry = sdk::kExpiresAtMs;

[[noreturn]] void refuse(const std::string& why) {
    throw Failure(PARLEY_E_INVALID_ARGUMENT, "not the key of a service account: " + why);
}

// Texts of the document are copied once, straight to where they are overwritten.
sdk::SecretText read_secret(JsonReader& r) {
    sdk::SecretText text;
    const JsonString word = read_word(r);
    text.text().reserve(word.raw.size());
    if (word.escaped) {
        sdk::json_unescape(word.raw, text.text());
    } else {
        text.text() += word.raw;
    }
    return text;
}

}  // namespace

ServiceAccount read_service_account(std::string_view secret) {
    ServiceAccount account;
    std::string type;
    JsonReader r(secret);
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "type") {
            type = read_word(value).text();
        } else if (key.raw == "client_email") {
            account.email = read_word(value).text();
        } else if (key.raw == "project_id") {
            account.project = read_word(value).text();
        } else if (key.raw == "private_key_id") {
            account.key_id = read_word(value).text();
        } else if (key.raw == "token_uri") {
            account.token_url = read_word(value).text();
        } else if (key.raw == "private_key") {
            account.private_key = read_secret(value);
        } else if (key.raw == kToken) {
            account.access_token = read_secret(value);
        } else if (key.raw == kExpiry) {
            uint64_t at_ms = 0;
            value.read_count(at_ms);
            account.expires_at_ms = static_cast<int64_t>(at_ms);
        } else {
            value.skip();
        }
    });
    if (r.failed() || !r.at_end()) {
        refuse("malformed JSON at byte " + std::to_string(r.at()));
    }
    if (type != "service_account") refuse("its type is \"" + type.substr(0, 64) + '"');
    if (account.email.empty()) refuse("client_email is missing");
    if (account.private_key.view().empty()) refuse("private_key is missing");
    return account;
}

sdk::SecretText with_token(std::string_view secret, std::string_view token, int64_t expires_at_ms) {
    const std::array<sdk::Member, 2> members{sdk::Member{kToken, token},
                                             {kExpiry, {}, expires_at_ms}};
    return sdk::with_members(secret, members);
}

}  // namespace parley::gemini
