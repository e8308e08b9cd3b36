// plugins/pem.hpp: private keys as OpenSSL has them.
#pragma once

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>

namespace parley::plugins {

struct OpensslFree {
    void operator()(BIO* memory) const { BIO_free(memory); }

    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

template <class T>
using OpensslPtr = std::unique_ptr<T, OpensslFree>;

// A key of this kind, "RSA" or "ED25519", without a passphrase; null for anything else. What is
// left in the queue of errors is the caller's to clear, or it would be taken for a fault of the
// next TLS connection.
OpensslPtr<EVP_PKEY> read_private_key(std::string_view pem, const char* kind);

}  // namespace parley::plugins
