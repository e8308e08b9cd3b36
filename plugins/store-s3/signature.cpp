#include "signature.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace parley::store_s3 {

namespace {

constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kHexLower[byte >> 4];
        out += kHexLower[byte & 15];
    }
    return out;
}

std::string hmac(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    HMAC(EVP_sha256(),
         key.data(),
         static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()),
         text.size(),
         out.data(),
         &size);
    return {reinterpret_cast<const char*>(out.data()), size};
}

}  // namespace

std::string percent_encoded(std::string_view text, bool is_path) {
    constexpr std::string_view kPlain = "-._~";
    std::string out;
    for (const char c : text) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_digit = c >= '0' && c <= '9';
        if (is_letter || is_digit || kPlain.find(c) != kPlain.npos || (is_path && c == '/')) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHexUpper[byte >> 4];
        out += kHexUpper[byte & 15];
    }
    return out;
}

std::string query_text(Query query) {
    for (auto& [name, value] : query) {
        name = percent_encoded(name, false);
        value = percent_encoded(value, false);
    }
    std::sort(query.begin(), query.end());
    std::string out;
    for (const auto& [name, value] : query) {
        out += (out.empty() ? "" : "&") + name + '=' + value;
    }
    return out;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr);
    return hex({reinterpret_cast<const char*>(out.data()), size});
}

std::string amz_date(int64_t wall_ms) {
    const std::time_t seconds = wall_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return {text.data(), size};
}

std::string authorization(const Signed& request, const Credentials& credentials) {
    const std::string date = amz_date(request.wall_ms);
    const std::string day = date.substr(0, 8);
    const std::string scope = day + '/' + request.region + "/s3/aws4_request";
    std::string fields = "host:" + request.host +
                         "\nx-amz-content-sha256:" + request.payload_sha256 +
                         "\nx-amz-date:" + date + '\n';
    std::string names = "host;x-amz-content-sha256;x-amz-date";
    if (!credentials.session_token.empty()) {
        fields += "x-amz-security-token:" + credentials.session_token + '\n';
        names += ";x-amz-security-token";
    }
    const std::string canonical = request.method + '\n' + request.path + '\n' + request.query +
                                  '\n' + fields + '\n' + names + '\n' + request.payload_sha256;
    const std::string text =
        "AWS4-HMAC-SHA256\n" + date + '\n' + scope + '\n' + sha256_hex(canonical);
    const std::string key =
        hmac(hmac(hmac(hmac("AWS4" + credentials.secret_key, day), request.region), "s3"),
             "aws4_request");
    return "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + '/' + scope +
           ", SignedHeaders=" + names + ", Signature=" + hex(hmac(key, text));
}

}  // namespace parley::store_s3
