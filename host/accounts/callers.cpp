#include "accounts/callers.hpp"

#include <atomic>
#include <cstring>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace parley::accounts {

namespace {

std::uint64_t prefix_of(const std::array<unsigned char, 32>& digest) {
    std::uint64_t prefix = 0;
    std::memcpy(&prefix, digest.data(), sizeof(prefix));
    return prefix;
}

}  // namespace

Callers::Callers(const std::vector<config::ClientKey>& keys) {
    for (const auto& key : keys) {
        if (key.disabled) continue;
        const Digest digest = digest_of(key.key.reveal());
        callers_.emplace(prefix_of(digest), Entry{digest, Caller{key.name}});
    }
}

std::uint64_t Callers::next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

const Caller* Callers::find(std::string_view key) const {
    const Digest digest = digest_of(key);
    const auto [begin, end] = callers_.equal_range(prefix_of(digest));
    for (auto it = begin; it != end; ++it) {
        const Digest& known = it->second.digest;
        if (CRYPTO_memcmp(known.data(), digest.data(), digest.size()) == 0) {
            return &it->second.caller;
        }
    }
    return nullptr;
}

Callers::Digest Callers::digest_of(std::string_view key) {
    // Fetching the algorithm and making a context cost more than the digest itself.
    static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);

    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };

    thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    Digest digest{};
    EVP_DigestInit_ex2(context.get(), sha256, nullptr);
    EVP_DigestUpdate(context.get(), key.data(), key.size());
    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
    return digest;
}

}  // namespace parley::accounts
