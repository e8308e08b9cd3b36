#include "plugins/pem.hpp"

#include <climits>

#include <openssl/pem.h>

namespace parley::plugins {

namespace {

// A key with a passphrase is refused, not asked about on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

}  // namespace

OpensslPtr<EVP_PKEY> read_private_key(std::string_view pem, const char* kind) {
    if (pem.empty() || pem.size() > INT_MAX) return nullptr;
    const OpensslPtr<BIO> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (memory == nullptr) return nullptr;
    OpensslPtr<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr));
    const bool fits = key != nullptr && EVP_PKEY_is_a(key.get(), kind) == 1;
    return fits ? std::move(key) : nullptr;
}

}  // namespace parley::plugins
