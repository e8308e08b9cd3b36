// plugins/trust.hpp: who vouches for a library, beyond that nobody else can have written it.
//
// A signature lies beside its library, as NAME.so.sig: one line with the public key and what it has
// signed of the SHA-256, by Ed25519.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace parley::plugins {

class Trust {
public:
    // Hashes in hexadecimal; keys as "ed25519:" and base64url. Whoever can write the folder of the
    // bundled plugins can write the program, so these need nobody else.
    Trust(std::vector<std::string> hashes, std::vector<std::string> keys, std::string bundled)
        : hashes_(std::move(hashes)), keys_(std::move(keys)), bundled_(std::move(bundled)) {}

    // Why a file with these contents must not be loaded; empty: it may.
    std::string why_not(const std::string& path, const std::string& sha256) const;

    // Different for whatever else is trusted.
    std::string mark() const;

private:
    const std::vector<std::string> hashes_;
    const std::vector<std::string> keys_;
    const std::string bundled_;
};

// A new private key, as PEM; empty when the crypto library fails.
std::string make_signing_key();
// What stands in NAME.so.sig for contents with this hash. `pem` is a private key of Ed25519 without
// a passphrase.
base::Result<std::string> signature_of(std::string_view sha256, std::string_view pem);

// What a signature file says.
struct Signature {
    std::string key;    // "ed25519:..."; empty: there is no such file, or it says something else
    bool fits = false;  // it is of these contents
};

Signature read_signature(const std::string& library_path, std::string_view sha256);

}  // namespace parley::plugins
