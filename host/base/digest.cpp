#include "base/digest.hpp"

#include <cerrno>
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

void fill_random(std::span<unsigned char> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "random bytes");
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace parley::base
