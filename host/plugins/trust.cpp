#include "plugins/trust.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/base64.hpp"
#include "plugins/pem.hpp"

namespace parley::plugins {

namespace {

constexpr std::string_view kForm = "ed25519:";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kLineBytesMax = 512;

// What is signed; nothing else that a key may sign looks like it.
std::string message_of(std::string_view sha256) {
    return "parley plugin\n" + std::string(sha256) + "\n";
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool verifies(std::string_view key, std::string_view signature, std::string_view message) {
    const OpensslPtr<EVP_PKEY> known(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(key), key.size()));
    const OpensslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
    const bool fits =
        known != nullptr && context != nullptr &&
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, known.get()) == 1 &&
        EVP_DigestVerify(context.get(),
                         bytes_of(signature),
                         signature.size(),
                         bytes_of(message),
                         message.size()) == 1;
    ERR_clear_error();
    return fits;
}

bool contains(const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace

std::string Trust::why_not(const std::string& path, const std::string& sha256) const {
    const std::filesystem::path file(path);
    if (file.parent_path() == bundled_ || contains(hashes_, sha256)) return {};
    const Signature signature = read_signature(path, sha256);
    const std::string name = file.filename().string();
    const std::string hash = "its SHA-256 " + sha256 + " is not among plugins.trusted_hashes, and ";
    const std::string cure = "; run parley plugin trust " + path;
    if (signature.key.empty()) return hash + "there is no signature in " + name + ".sig" + cure;
    if (!signature.fits) return hash + name + ".sig is of other contents; sign the file again";
    if (contains(keys_, signature.key)) return {};
    return hash + "who signed it, " + signature.key + ", is not among plugins.trusted_keys" + cure;
}

std::string Trust::mark() const {
    std::string all = " trusted";
    for (const auto* list : {&hashes_, &keys_}) {
        all += ':';
        for (const std::string& one : *list) all += ' ' + one;
    }
    return all;
}

Signature read_signature(const std::string& library_path, std::string_view sha256) {
    std::ifstream file(library_path + ".sig", std::ios::binary);
    std::string line(kLineBytesMax, '\0');
    file.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    const std::size_t space = line.find(' ');
    if (!line.starts_with(kForm) || space == line.npos) return {};
    const std::string_view text(line);
    const auto key = base::from_base64url(text.substr(kForm.size(), space - kForm.size()));
    const auto signed_by = base::from_base64url(text.substr(space + 1));
    const bool is_whole =
        key && signed_by && key->size() == kKeyBytes && signed_by->size() == kSignatureBytes;
    if (!is_whole) return {};
    return {line.substr(0, space), verifies(*key, *signed_by, message_of(sha256))};
}

std::string make_signing_key() {
    const OpensslPtr<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const OpensslPtr<BIO> memory(BIO_new(BIO_s_mem()));
    const bool done = key != nullptr && memory != nullptr &&
                      PEM_write_bio_PKCS8PrivateKey(
                          memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
    ERR_clear_error();
    if (!done) return {};
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

base::Result<std::string> signature_of(std::string_view sha256, std::string_view pem) {
    const OpensslPtr<EVP_PKEY> key = read_private_key(pem, "ED25519");
    ERR_clear_error();
    if (key == nullptr) {
        return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                  "not a private key of Ed25519 in PEM, without a passphrase");
    }
    std::array<unsigned char, kKeyBytes> known{};
    std::array<unsigned char, kSignatureBytes> out{};
    std::size_t known_size = known.size();
    std::size_t size = out.size();
    const std::string message = message_of(sha256);
    const OpensslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
    const bool done =
        context != nullptr &&
        EVP_PKEY_get_raw_public_key(key.get(), known.data(), &known_size) == 1 &&
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), out.data(), &size, bytes_of(message), message.size()) == 1;
    ERR_clear_error();
    if (!done) return base::gateway_error(PARLEY_E_INTERNAL, "the crypto library does not sign");
    const auto text = [](const auto& bytes) {
        return base::to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    };
    return std::string(kForm) + text(known) + ' ' + text(out) + '\n';
}

}  // namespace parley::plugins
