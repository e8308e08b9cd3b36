#include "base/digest.hpp"

#include <cerrno>
#include <string>
#include <sys/random.h>
#include <system_error>

#include <openssl/sha.h>

namespace parley::base {

Digest sha256(std::string_view bytes) {
    Digest digest{};
    SHA256_CTX context;
    // Deprecated for those who want to choose a provider.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(digest.data(), &context);
#pragma GCC diagnostic pop
    return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
    constexpr std::size_t kBlockBytes = 64;
    const auto view = [](const Digest& digest) {
        return std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
    };
    const Digest short_key = sha256(key);
    const std::string_view used = key.size() > kBlockBytes ? view(short_key) : key;
    const auto padded = [&](char pad) {
        std::string block(kBlockBytes, pad);
        for (std::size_t i = 0; i < used.size(); ++i) block[i] ^= used[i];
        return block;
    };
    const Digest inner = sha256(padded('\x36').append(bytes));
    return sha256(padded('\x5c').append(view(inner)));
}

void fill_random(std::span<unsigned char> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "random bytes");
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace parley::base
