#include "base/key_hash.hpp"

#include <array>
#include <charconv>
#include <vector>

#include <openssl/evp.h>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace parley::base {

namespace {

constexpr std::string_view kPrefix = "parley_";
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kRandomBytesMin = 32;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kDigestBytes = 32;

// 16 MiB and five passes, as much work as OWASP's other parameters for scrypt.
constexpr unsigned kCostLog2 = 14;
constexpr unsigned kBlock = 8;
constexpr unsigned kLanes = 5;

constexpr std::uint64_t kMemoryMax = 512ull * 1024 * 1024;
constexpr unsigned kLanesMax = 64;

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    fill_random({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    return bytes;
}

bool is_letter(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
}

std::string derive(const KeyHash& with, std::string_view key) {
    std::string out(kDigestBytes, '\0');
    const int done = EVP_PBE_scrypt(key.data(),
                                    key.size(),
                                    reinterpret_cast<const unsigned char*>(with.salt.data()),
                                    with.salt.size(),
                                    std::uint64_t{1} << with.cost_log2,
                                    with.block,
                                    with.lanes,
                                    2 * kMemoryMax,
                                    reinterpret_cast<unsigned char*>(out.data()),
                                    out.size());
    return done == 1 ? out : std::string();
}

bool read_number(std::string_view text, unsigned& out) {
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, out);
    return fault == std::errc() && stop == end && out != 0;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t colon = text.find(':');
        parts.push_back(text.substr(0, colon));
        if (colon == text.npos) return parts;
        text.remove_prefix(colon + 1);
    }
}

bool is_bearable(const KeyHash& hash) {
    constexpr unsigned kCostLog2Max = 20;
    const bool is_small = hash.cost_log2 <= kCostLog2Max && hash.block <= 32;
    return is_small && hash.lanes <= kLanesMax &&
           (std::uint64_t{128} << hash.cost_log2) * hash.block <= kMemoryMax;
}

}  // namespace

std::string_view id_of_key(std::string_view key) {
    if (!key.starts_with(kPrefix)) return {};
    const std::string_view rest = key.substr(kPrefix.size());
    if (rest.size() < kIdBytes + 1 + kRandomBytesMin || rest[kIdBytes] != '_') return {};
    for (const char c : rest) {
        if (!is_letter(c)) return {};
    }
    return rest.substr(0, kIdBytes);
}

Secret make_key() {
    std::string id = to_base64url(random_bytes(kIdBytes * 3 / 4));
    std::string rest = to_base64url(random_bytes(kRandomBytesMin * 3 / 4));
    std::string key = std::string(kPrefix) + id + '_' + rest;
    wipe(rest.data(), rest.size());
    return Secret(std::move(key));
}

std::string KeyHash::text() const {
    return id + ":scrypt:" + std::to_string(cost_log2) + ':' + std::to_string(block) + ':' +
           std::to_string(lanes) + ':' + to_base64url(salt) + ':' + to_base64url(digest);
}

bool KeyHash::fits(std::string_view key) const {
    if (id_of_key(key) != id) return false;
    const std::string derived = derive(*this, key);
    return !derived.empty() && equal_in_constant_time(derived, digest);
}

std::optional<KeyHash> hash_key(std::string_view key) {
    KeyHash made;
    made.id = id_of_key(key);
    if (made.id.empty()) return {};
    made.cost_log2 = kCostLog2;
    made.block = kBlock;
    made.lanes = kLanes;
    made.salt = random_bytes(kSaltBytes);
    made.digest = derive(made, key);
    if (made.digest.empty()) return {};
    return made;
}

std::optional<KeyHash> read_key_hash(std::string_view text) {
    constexpr std::size_t kParts = 7;
    const auto parts = split(text);
    if (parts.size() != kParts || parts[0].size() != kIdBytes || parts[1] != "scrypt") return {};
    KeyHash read;
    read.id = parts[0];
    const bool has_numbers = read_number(parts[2], read.cost_log2) &&
                             read_number(parts[3], read.block) && read_number(parts[4], read.lanes);
    auto salt = from_base64url(parts[5]);
    auto digest = from_base64url(parts[6]);
    if (!has_numbers || !is_bearable(read) || !salt || !digest) return {};
    if (salt->size() < kSaltBytes || digest->size() != kDigestBytes) return {};
    read.salt = std::move(*salt);
    read.digest = std::move(*digest);
    return read;
}

}  // namespace parley::base
