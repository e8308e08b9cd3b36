#include "plugins/sign.hpp"

#include <climits>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace parley::plugins {

namespace {

constexpr int kKeyBitsMin = 2048;

struct Free {
    void operator()(BIO* memory) const { BIO_free(memory); }

    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

// A key with a passphrase is refused, not asked about on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Owned<EVP_PKEY> read_rsa_key(std::string_view pem) {
    if (pem.empty() || pem.size() > INT_MAX) return nullptr;
    const Owned<BIO> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (memory == nullptr) return nullptr;
    Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr));
    const bool fits = key != nullptr && EVP_PKEY_is_a(key.get(), "RSA") == 1 &&
                      EVP_PKEY_get_bits(key.get()) >= kKeyBitsMin;
    return fits ? std::move(key) : nullptr;
}

parley_status sign(EVP_PKEY* key,
                   std::string_view data,
                   std::span<std::uint8_t> out,
                   std::size_t& written) {
    if (out.size() < static_cast<std::size_t>(EVP_PKEY_get_size(key))) return -PARLEY_E_BUDGET;
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    std::size_t size = out.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
    const bool done = context != nullptr &&
                      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                      EVP_DigestSign(context.get(), out.data(), &size, bytes, data.size()) == 1;
    if (!done) return -PARLEY_E_INTERNAL;
    written = size;
    return PARLEY_OK;
}

}  // namespace

parley_status sign_rs256(std::string_view pem,
                         std::string_view data,
                         std::span<std::uint8_t> out,
                         std::size_t& written) {
    const Owned<EVP_PKEY> key = read_rsa_key(pem);
    const parley_status status =
        key == nullptr ? -PARLEY_E_INVALID_ARGUMENT : sign(key.get(), data, out, written);
    // What is left in the queue would be taken for a fault of the next TLS connection.
    ERR_clear_error();
    return status;
}

}  // namespace parley::plugins
