// parley/sdk/oauth.hpp: what logins by OAuth 2 have in common: forms, PKCE, the replies of token
// servers, and the documents that tokens are kept in.
//
// Such a document is a JSON object: "access_token" stands in front, so that a request's plan finds
// it without reading the rest; then "expires_at_ms" and "refresh_token"; then whatever else a login
// keeps, and members that it does not know.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/host.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/login.hpp"

namespace parley::sdk {

inline constexpr std::string_view kAccessToken = "access_token";
inline constexpr std::string_view kRefreshToken = "refresh_token";
inline constexpr std::string_view kExpiresAtMs = "expires_at_ms";
inline constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
inline constexpr uint64_t kTokenReplyMax = 256 * 1024;

// Appends, and overwrites the memory that a text has outgrown.
inline void append_secret(std::string_view more, SecretText& out) {
    std::string& text = out.text();
    if (text.capacity() - text.size() < more.size()) {
        std::string larger;
        larger.reserve(2 * (text.size() + more.size()));
        larger += text;
        wipe(text.data(), text.size());
        text.swap(larger);
    }
    text += more;
}

// RFC 4648 without padding; `more` are the last two digits.
inline void append_base64(std::string_view bytes, std::string_view more, std::string& out) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const auto digit = [&](uint32_t six) {
        return six < kDigits.size() ? kDigits[six] : more[six - kDigits.size()];
    };
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t size = std::min<std::size_t>(3, bytes.size() - i);
        uint32_t bits = 0;
        for (std::size_t b = 0; b < 3; ++b) {
            bits = bits << 8 | (b < size ? static_cast<unsigned char>(bytes[i + b]) : 0u);
        }
        for (std::size_t d = 0; d <= size; ++d) out += digit(bits >> (18 - 6 * d) & 63);
    }
}

inline void append_base64url(std::string_view bytes, std::string& out) {
    append_base64(bytes, "-_", out);
}

// With padding, as headers have it.
inline SecretText base64(std::string_view bytes) {
    SecretText out;
    out.text().reserve((bytes.size() + 2) / 3 * 4);
    append_base64(bytes, "+/", out.text());
    out.text().append((4 - out.view().size() % 4) % 4, '=');
    return out;
}

// ---- forms and queries -----------------------------------------------------------------------

// Names and values, percent-encoded and joined: a form's body, or a query.
class Form {
public:
    Form& add(std::string_view name, std::string_view value) {
        if (!text_.view().empty()) append_secret("&", text_);
        encode(name);
        append_secret("=", text_);
        encode(value);
        return *this;
    }

    std::string_view view() const { return text_.view(); }

private:
    void encode(std::string_view text) {
        constexpr std::string_view kHex = "0123456789ABCDEF";
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') ||
                               std::string_view("-._~").find(c) != std::string_view::npos;
            const std::array<char, 3> escape{'%', kHex[byte >> 4], kHex[byte & 15]};
            append_secret(
                plain ? std::string_view(&c, 1) : std::string_view(escape.data(), escape.size()),
                text_);
        }
    }

    SecretText text_;
};

// What a query says under a name, decoded; empty when it says nothing.
inline SecretText query_value(std::string_view query, std::string_view name) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'                 ? c - '0'
               : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 87
                                                    : -1;
    };
    SecretText value;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=") continue;
        const std::string_view raw = pair.substr(name.size() + 1);
        value.text().reserve(raw.size());
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const bool escaped = raw[i] == '%' && i + 2 < raw.size() && digit(raw[i + 1]) >= 0 &&
                                 digit(raw[i + 2]) >= 0;
            const char c = escaped ? static_cast<char>(digit(raw[i + 1]) * 16 + digit(raw[i + 2]))
                           : raw[i] == '+' ? ' '
                                           : raw[i];
            value.text() += c;
            if (escaped) i += 2;
        }
        break;
    }
    return value;
}

// A form as a JSON object of texts.
inline SecretText as_json(const Form& form) {
    SecretText json;
    json.text().reserve(2 * form.view().size() + 16);
    JsonWriter w(json.text());
    w.begin_object();
    for (std::string_view rest = form.view(); !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::string_view name = pair.substr(0, pair.find('='));
        w.key(name).string(query_value(pair, name).view());
    }
    w.end_object();
    return json;
}

// ---- PKCE (RFC 7636) --------------------------------------------------------------------------

// What a login draws from one RANDOM: what it proves itself by, and what it knows its callback by.
inline constexpr uint64_t kProofBytes = 48;

struct Proof {
    SecretText verifier;
    std::string challenge;  // of the verifier, S256
    std::string state;
};

inline Proof make_proof(const parley_host* host, std::string_view random) {
    constexpr std::size_t kVerifierBytes = 32;
    Proof proof;
    proof.verifier.text().reserve(2 * kVerifierBytes);
    append_base64url(random.substr(0, kVerifierBytes), proof.verifier.text());
    append_base64url(random.substr(std::min(kVerifierBytes, random.size())), proof.state);
    const auto* crypto =
        static_cast<const parley_host_crypto*>(host->get_extension(host, str(PARLEY_HOST_CRYPTO)));
    std::array<uint8_t, 32> digest{};
    if (crypto == nullptr ||
        crypto->sha256(host, bytes(proof.verifier.view()), digest.data()) < 0) {
        throw Failure(PARLEY_E_UNSUPPORTED, "logins need a host that can hash");
    }
    append_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()},
                     proof.challenge);
    return proof;
}

// ---- JSON that is read once ---------------------------------------------------------------------

// Calls `each(key, reader)` for each member of a JSON object; `each` must pass over the member's
// value. False when the text is not one JSON object.
template <class Each>
bool each_member_of(std::string_view json, Each&& each) {
    JsonReader r(json);
    JsonString key;
    if (json.empty() || r.peek() != '{' || !r.enter_object()) return false;
    while (r.next_key(key)) each(key, r);
    return !r.failed() && r.at_end();
}

// The member of an object when it is a text, otherwise empty.
inline SecretText member_text(std::string_view json, std::string_view name) {
    SecretText out;
    each_member_of(json, [&](const JsonString& key, JsonReader& value) {
        JsonString text;
        if (key.raw != name || value.peek() != '"') {
            value.skip();
        } else if (value.read_string(text)) {
            out.text().reserve(text.raw.size());
            text.escaped ? json_unescape(text.raw, out.text()) : void(out.text() += text.raw);
        }
    });
    return out;
}

// Likewise a number, otherwise 0. Some servers write their numbers as texts.
inline uint64_t member_count(std::string_view json, std::string_view name) {
    uint64_t count = 0;
    each_member_of(json, [&](const JsonString& key, JsonReader& value) {
        if (key.raw != name) {
            value.skip();
            return;
        }
        std::string_view raw = value.raw();
        if (raw.size() > 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
        JsonReader(raw).read_count(count);
    });
    return count;
}

// The member of an object as it stands there; empty when it has none.
inline std::string_view member_raw(std::string_view json, std::string_view name) {
    std::string_view raw;
    each_member_of(json, [&](const JsonString& key, JsonReader& value) {
        const std::string_view each = value.raw();
        if (key.raw == name) raw = each;
    });
    return raw;
}

// The members of an object that are texts.
inline std::vector<std::pair<std::string, std::string>> member_texts(std::string_view json) {
    std::vector<std::pair<std::string, std::string>> all;
    each_member_of(json, [&](const JsonString& key, JsonReader& value) {
        JsonString text;
        if (value.peek() != '"') {
            value.skip();
        } else if (value.read_string(text)) {
            all.emplace_back(key.text(), text.text());
        }
    });
    return all;
}

// ---- the documents ------------------------------------------------------------------------------

// A document rather than an API key.
inline bool is_token_document(std::string_view secret) {
    const std::size_t first = secret.find_first_not_of(" \t\r\n");
    return first != secret.npos && secret[first] == '{';
}

// The proof alone when it stands in front under `name`; otherwise wherever it stands. Points into
// `secret`; empty when there is none.
inline std::string_view token_in(std::string_view secret, std::string_view name = kAccessToken) {
    JsonReader r(secret);
    JsonString key;
    JsonString token;
    if (r.peek() != '{' || !r.enter_object()) return {};
    while (r.next_key(key)) {
        if (key.raw != name || r.peek() != '"') {
            r.skip();
        } else if (r.read_string(token)) {
            return token.escaped ? std::string_view() : token.raw;
        }
    }
    return {};
}

// A member that a document is to have: a text, or a number where there is no text.
struct Member {
    std::string_view name;
    std::string_view text = {};
    int64_t number = 0;
};

// `document` with these members in front, in place of those that it had of the same names. Members
// without text and number are taken out.
inline SecretText with_members(std::string_view document, std::span<const Member> members) {
    constexpr std::size_t kRoom = 32;  // for a number and punctuation
    std::size_t room = document.size() + kRoom;
    for (const Member& m : members) room += m.name.size() + 2 * m.text.size() + kRoom;
    SecretText made;
    made.text().reserve(room);
    JsonWriter w(made.text());
    w.begin_object();
    for (const Member& m : members) {
        if (!m.text.empty()) {
            w.key(m.name).string(m.text);
        } else if (m.number != 0) {
            w.key(m.name).number(m.number);
        }
    }
    each_member_of(document, [&](const JsonString& key, JsonReader& value) {
        const std::string_view raw = value.raw();
        const auto is_it = [&](const Member& m) { return key.equals(m.name); };
        if (std::none_of(members.begin(), members.end(), is_it)) w.key(key.text()).raw(raw);
    });
    w.end_object();
    return made;
}

// Throws Failure for a document without what a login needs; `what` is what it should be.
inline void check_token_document(std::string_view secret, std::string_view what) {
    const auto refuse = [&](std::string_view why) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT,
                      "not " + std::string(what) + ": " + std::string(why));
    };
    JsonReader r(secret);
    if (!r.skip() || !r.at_end()) refuse("malformed JSON at byte " + std::to_string(r.at()));
    const bool has_any = !token_in(secret).empty() || !token_in(secret, kRefreshToken).empty();
    if (!has_any) refuse("access_token and refresh_token are missing");
}

// What a document of tokens says of itself: whether it can be used, renewed, and how long.
inline void fill_facts(std::string_view secret, parley_secret_facts& out) {
    if (!token_in(secret, kRefreshToken).empty()) {
        out.flags |= PARLEY_SECRET_REFRESHABLE;
        if (token_in(secret).empty()) out.flags |= PARLEY_SECRET_PENDING;
    }
    out.expires_at_ms = static_cast<int64_t>(member_count(secret, kExpiresAtMs));
}

// What proves an account in such a document.
inline constexpr std::array<std::string_view, 3> kTokens{kAccessToken, kRefreshToken, "id_token"};

// `document` with these members behind its tokens, which stay in front.
inline SecretText with_members_behind_tokens(std::string_view document,
                                             std::span<const Member> members) {
    const auto expires_at_ms = static_cast<int64_t>(member_count(document, kExpiresAtMs));
    std::vector<Member> all{{kAccessToken, token_in(document)},
                            {kExpiresAtMs, {}, expires_at_ms},
                            {kRefreshToken, token_in(document, kRefreshToken)}};
    all.insert(all.end(), members.begin(), members.end());
    return with_members(document, all);
}

// The end of a key tells people which one it is; of a short one that would be most of it.
inline std::string_view end_of_key(std::string_view key) {
    constexpr std::size_t kShown = 4;
    constexpr std::size_t kLongMin = 20;
    return key.size() < kLongMin ? std::string_view() : key.substr(key.size() - kShown);
}

// A secret without what proves the account: the members named, and a plain key but for its end.
inline std::string redacted(std::string_view secret, std::span<const std::string_view> proofs) {
    if (!is_token_document(secret)) return "..." + std::string(end_of_key(secret));
    std::string json;
    JsonWriter w(json);
    w.begin_object();
    each_member_of(secret, [&](const JsonString& key, JsonReader& value) {
        const std::string_view raw = value.raw();
        const auto is_it = [&](std::string_view name) { return key.equals(name); };
        const bool is_proof = std::any_of(proofs.begin(), proofs.end(), is_it);
        w.key(key.text());
        is_proof ? w.string("...") : w.raw(raw);
    });
    w.end_object();
    return json;
}

// ---- what token servers answer
// -------------------------------------------------------------------

// What a server says is wrong: {"error": "...", "error_description": "..."}, or an object of its
// own under "error".
struct Refusal {
    std::string code;
    std::string text;
};

inline Refusal read_refusal(std::string_view body) {
    const std::string_view error = member_raw(body, "error");
    Refusal told;
    if (error.starts_with('{')) {
        told.code = member_text(error, "code").view();
        if (told.code.empty()) told.code = member_text(error, "type").view();
        told.text = member_text(error, "message").view();
        return told;
    }
    told.code = member_text(body, "error").view();
    told.text = member_text(body, "error_description").view();
    if (told.text.empty()) told.text = member_text(body, "message").view();
    return told;
}

// For a provider's verdict: the token of a login was refused, as one that was revoked, or that our
// clock took for a good one. A fresh one may be had.
inline bool is_refused_login(const parley_account& account, const parley_error& error) {
    return error.error_class == PARLEY_E_UNAUTHENTICATED && is_token_document(view(account.secret));
}

inline void ask_for_refresh(parley_error& error) {
    error.fault = PARLEY_FAULT_GATEWAY;
    error.scope = PARLEY_SCOPE_ACCOUNT;
    error.advice = PARLEY_ADVICE_REFRESH;
}

// Asking again does not help: the account, its tokens or its rights are gone.
inline bool is_final(std::string_view code) {
    constexpr std::array<std::string_view, 11> kFinal{"invalid_grant",
                                                      "invalid_client",
                                                      "unauthorized_client",
                                                      "access_denied",
                                                      "invalid_scope",
                                                      "account_disabled",
                                                      "disabled_client",
                                                      "refresh_token_reused",
                                                      "refresh_token_expired",
                                                      "refresh_token_invalidated",
                                                      "expired_token"};
    return std::find(kFinal.begin(), kFinal.end(), code) != kFinal.end();
}

inline Failure server_failure(int32_t error_class, std::string what) {
    Failure failure(error_class, "token server: " + std::move(what));
    failure.fault = PARLEY_FAULT_UPSTREAM;
    return failure;
}

// Throws what a reply that is no success means. `sent` are the proofs that the request carried: a
// server that repeats them must not say them to the log.
[[noreturn]] inline void throw_refusal(const parley_resume& reply,
                                       std::span<const std::string_view> sent,
                                       bool is_final_anyway = false) {
    constexpr std::size_t kShownBytesMax = 300;
    constexpr std::size_t kRepeatedMin = 8;  // shorter ones are words
    const uint32_t status = reply.head->status;
    const Refusal told = read_refusal(view(reply.bytes));
    const auto repeats = [&](std::string_view proof) {
        return proof.size() >= kRepeatedMin &&
               told.text.find(proof.substr(0, 32)) != std::string::npos;
    };
    std::string what = told.code.empty() ? "HTTP " + std::to_string(status) : told.code;
    const bool is_clean = std::none_of(sent.begin(), sent.end(), repeats);
    if (!told.text.empty() && is_clean) what += ": " + told.text;
    what.resize(std::min(what.size(), kShownBytesMax));
    if (status == 429) throw server_failure(PARLEY_E_RATE_LIMITED, std::move(what));
    if (status >= 500 || !(is_final_anyway || is_final(told.code))) {
        throw server_failure(PARLEY_E_UPSTREAM_FAILED, std::move(what));
    }
    Failure failure = server_failure(PARLEY_E_UNAUTHENTICATED, std::move(what));
    failure.scope = PARLEY_SCOPE_ACCOUNT;
    throw failure;
}

// What a token server grants.
struct Grant {
    SecretText access_token;
    SecretText refresh_token;  // empty: the old one stays
    int64_t life_ms = 0;       // 0: it was not told
};

// A token goes into a header and into a document as it is.
inline bool is_plain_token(std::string_view token) {
    return std::all_of(token.begin(), token.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '\\';
    });
}

// Reads the body of a reply of status 200. Throws Failure when it is none.
inline Grant read_grant(std::string_view body) {
    constexpr uint64_t kLifeMaxS = 365ull * 24 * 3600;
    Grant grant;
    grant.access_token = member_text(body, kAccessToken);
    grant.refresh_token = member_text(body, kRefreshToken);
    const uint64_t life_s = member_count(body, "expires_in");
    grant.life_ms = static_cast<int64_t>(std::min(life_s, kLifeMaxS) * 1000);
    const bool is_object = each_member_of(body, [](const auto&, JsonReader& r) { r.skip(); });
    const bool fits = is_object && !grant.access_token.view().empty() &&
                      is_plain_token(grant.access_token.view()) &&
                      is_plain_token(grant.refresh_token.view());
    if (!fits) {
        throw server_failure(PARLEY_E_UPSTREAM_PROTOCOL, "its reply holds no access token");
    }
    return grant;
}

}  // namespace parley::sdk
