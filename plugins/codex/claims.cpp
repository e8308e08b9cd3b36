#include "claims.hpp"

#include "parley/sdk/oauth.hpp"

namespace parley::codex {

namespace {

int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

// Empty for what is not base64url.
std::string decoded(std::string_view text) {
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const int value = value_of(c);
        if (value < 0) return {};
        bits = bits << 6 | static_cast<uint32_t>(value);
        if ((count += 6) < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

}  // namespace

Claims claims_of(std::string_view token) {
    Claims claims;
    const std::size_t first = token.find('.');
    const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
    if (second == token.npos) return claims;
    const std::string json = decoded(token.substr(first + 1, second - first - 1));
    const auto text = [](std::string_view object, std::string_view name) {
        return std::string(sdk::member_text(object, name).view());
    };
    const auto time = [&](std::string_view name) {
        constexpr uint64_t kYear9999S = 253'402'300'799;
        return static_cast<int64_t>(std::min(sdk::member_count(json, name), kYear9999S) * 1000);
    };
    const std::string_view auth = sdk::member_raw(json, "https://api.openai.com/auth");
    const std::string_view profile = sdk::member_raw(json, "https://api.openai.com/profile");
    claims.account_id = text(auth, "chatgpt_account_id");
    claims.plan = text(auth, "chatgpt_plan_type");
    claims.user = text(auth, "chatgpt_user_id");
    if (claims.user.empty()) claims.user = text(json, "sub");
    claims.email = text(json, "email");
    if (claims.email.empty()) claims.email = text(profile, "email");
    claims.issued_at_ms = time("iat");
    claims.expires_at_ms = time("exp");
    return claims;
}

}  // namespace parley::codex
