#include "object.hpp"

#include <random>

namespace parley::store_s3 {

namespace {

constexpr std::string_view kFamily = "parley-object/";
constexpr std::string_view kMark = "parley-object/1 ";
constexpr std::string_view kDocument = " document\n";
constexpr std::string_view kRemoved = " removed\n";
constexpr std::size_t kNonce = 16;

std::string nonce() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::random_device random;
    std::string out;
    for (std::size_t i = 0; i < kNonce; i += 4) {
        const unsigned bits = random();
        for (int shift = 0; shift < 16; shift += 4) out += kHex[bits >> shift & 15];
    }
    return out;
}

}  // namespace

std::string document_object(std::string_view value) {
    std::string out(kMark);
    out += nonce();
    return out.append(kDocument).append(value);
}

std::string removed_object() {
    std::string out(kMark);
    out += nonce();
    return out.append(kRemoved);
}

std::size_t removed_size() {
    return kMark.size() + kNonce + kRemoved.size();
}

std::optional<std::string_view> object_value(std::string_view body) {
    if (body.starts_with(kFamily) && !body.starts_with(kMark)) {
        throw sdk::store_failure(PARLEY_E_CORRUPT_STATE,
                                 "an object that a later version of this store has written");
    }
    if (!body.starts_with(kMark) || body.size() < removed_size()) return body;
    const std::string_view rest = body.substr(kMark.size() + kNonce);
    if (rest == kRemoved) return std::nullopt;
    return rest.starts_with(kDocument) ? rest.substr(kDocument.size()) : body;
}

}  // namespace parley::store_s3
