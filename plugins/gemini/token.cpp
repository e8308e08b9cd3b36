#include "token.hpp"

#include <array>
#include <cstdlib>

#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::SecretText;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kGrant =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

constexpr int64_t kLifeS = 3600;     // the longest that is granted
constexpr int64_t kSkewMs = 60'000;  // a clock that is off by less is not to blame

}  // namespace

TokenRefresh::TokenRefresh(const parley_host* host,
                           std::string_view secret,
                           const std::string& token_url)
    : host_(host), secret_(secret), account_(read_service_account(secret)) {
    if (!token_url.empty()) account_.token_url = token_url;
}

void TokenRefresh::start() {
    clock(&TokenRefresh::ask);
}

void TokenRefresh::ask(const parley_resume& now) {
    asked_at_ms_ = now.wall_ms;
    send();
}

void TokenRefresh::send() {
    assertion_ = make_assertion(host_, account_, (asked_at_ms_ + skew_ms_) / 1000);
    SecretText form;
    form.text().reserve(kGrant.size() + assertion_.view().size());
    form.text() += kGrant;
    form.text() += assertion_.view();
    sdk::HttpCall call;
    call.url = account_.token_url;
    call.content_type = "application/x-www-form-urlencoded";
    call.body = form.view();
    call.is_idempotent = true;
    call.reply_max = sdk::kTokenReplyMax;
    http(call, &TokenRefresh::read);
}

void TokenRefresh::read(const parley_resume& reply) {
    if (reply.head->status == 200) return accept(view(reply.bytes));
    if (learns_the_time(reply)) return send();
    refuse(reply);
}

// An assertion is refused when our clock is wrong. The server's reply says what time it is there.
bool TokenRefresh::learns_the_time(const parley_resume& reply) {
    const int64_t there_ms = read_date(sdk::header_of(*reply.head, "date"));
    if (skew_ms_ != 0 || there_ms == 0 || reply.head->status >= 500) return false;
    const int64_t skew_ms = there_ms - asked_at_ms_;
    if (std::abs(skew_ms) < kSkewMs) return false;
    skew_ms_ = skew_ms;
    return true;
}

void TokenRefresh::accept(std::string_view body) {
    const sdk::Grant grant = sdk::read_grant(body);
    if (grant.life_ms == 0) {
        throw sdk::server_failure(PARLEY_E_UPSTREAM_PROTOCOL,
                                  "its reply does not tell how long the token holds");
    }
    const int64_t ends_ms = asked_at_ms_ + grant.life_ms;
    publish(with_token(secret_.view(), grant.access_token.view(), ends_ms).view());
}

void TokenRefresh::refuse(const parley_resume& reply) const {
    const std::array<std::string_view, 1> sent{assertion_.view()};
    sdk::throw_refusal(reply, sent);
}

SecretText make_assertion(const parley_host* host, const ServiceAccount& account, int64_t at_s) {
    std::string head;
    sdk::JsonWriter h(head);
    h.begin_object().key("alg").string("RS256").key("typ").string("JWT");
    if (!account.key_id.empty()) h.key("kid").string(account.key_id);
    h.end_object();
    std::string claims;
    sdk::JsonWriter c(claims);
    c.begin_object().key("iss").string(account.email).key("scope").string(kScope);
    c.key("aud").string(account.token_url);
    c.key("iat").number(at_s).key("exp").number(at_s + kLifeS).end_object();

    constexpr std::size_t kSignatureBytesMax = 2048;
    SecretText assertion;
    std::string& out = assertion.text();
    out.reserve(2 * (head.size() + claims.size() + kSignatureBytesMax));
    sdk::append_base64url(head, out);
    out += '.';
    sdk::append_base64url(claims, out);
    const auto* crypto =
        static_cast<const parley_host_crypto*>(host->get_extension(host, str(PARLEY_HOST_CRYPTO)));
    if (crypto == nullptr || !PARLEY_HAS(crypto, parley_host_crypto, sign_rs256)) {
        throw Failure(PARLEY_E_UNSUPPORTED, "service accounts need a host that can sign");
    }
    std::array<uint8_t, kSignatureBytesMax> signature;
    uint64_t size = signature.size();
    const auto status = crypto->sign_rs256(
        host, str(account.private_key.view()), sdk::bytes(out), signature.data(), &size);
    if (status < 0) {
        Failure failure(PARLEY_E_UNAUTHENTICATED,
                        "private_key: not an RSA key of 2048 bits or more in PEM");
        failure.scope = PARLEY_SCOPE_ACCOUNT;
        throw failure;
    }
    out += '.';
    sdk::append_base64url({reinterpret_cast<const char*>(signature.data()), size}, out);
    return assertion;
}

int64_t read_date(std::string_view text) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    constexpr std::size_t kSize = 29;
    if (text.size() != kSize || text.substr(25) != " GMT") return 0;
    const auto number = [&](std::size_t at, std::size_t size) {
        int64_t value = 0;
        for (const char c : text.substr(at, size)) {
            if (c < '0' || c > '9') return int64_t{-1};
            value = 10 * value + (c - '0');
        }
        return value;
    };
    const std::size_t found = kMonths.find(text.substr(8, 3));
    const int64_t day = number(5, 2);
    int64_t year = number(12, 4);
    const int64_t hour = number(17, 2);
    const int64_t minute = number(20, 2);
    const int64_t second = number(23, 2);
    if (found == kMonths.npos || found % 3 != 0 || day < 1 || year < 1970) return 0;
    if (hour < 0 || minute < 0 || second < 0) return 0;
    // Days since 1970 of a date whose year begins in March.
    const auto month = static_cast<int64_t>(found / 3 + 1);
    if (month <= 2) --year;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t days = 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719'468;
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

}  // namespace parley::gemini
