#include "plugins/sign.hpp"

#include <openssl/err.h>

#include "plugins/pem.hpp"

namespace parley::plugins {

namespace {

constexpr int kKeyBitsMin = 2048;

OpensslPtr<EVP_PKEY> read_rsa_key(std::string_view pem) {
    auto key = read_private_key(pem, "RSA");
    const bool fits = key != nullptr && EVP_PKEY_get_bits(key.get()) >= kKeyBitsMin;
    return fits ? std::move(key) : nullptr;
}

parley_status sign(EVP_PKEY* key,
                   std::string_view data,
                   std::span<std::uint8_t> out,
                   std::size_t& written) {
    if (out.size() < static_cast<std::size_t>(EVP_PKEY_get_size(key))) return -PARLEY_E_BUDGET;
    const OpensslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
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
    const OpensslPtr<EVP_PKEY> key = read_rsa_key(pem);
    const parley_status status =
        key == nullptr ? -PARLEY_E_INVALID_ARGUMENT : sign(key.get(), data, out, written);
    // What is left in the queue would be taken for a fault of the next TLS connection.
    ERR_clear_error();
    return status;
}

}  // namespace parley::plugins
