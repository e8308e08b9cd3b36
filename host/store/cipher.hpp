// store/cipher.hpp: what documents are encrypted with before a store sees them. Their names stay as
// they are; a document under another name than it was encrypted for is not accepted.
//
// An encrypted document is JSON, so that every store and every eye can tell it:
// {"sealed": "aes-256-gcm", "key": "<id of the key>", "nonce": "...", "data": "..."}, the last two
// in base64url, the tag at the end of the data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace parley::store {

struct CipherKey {
    std::string id;      // tells keys apart and nothing about them
    base::Secret bytes;  // 32
};

// A key as people write it: 32 bytes in hex or in base64, spaces and line ends aside.
base::Result<CipherKey> read_cipher_key(const base::Secret& text);

// The id of the key that a document is encrypted with; nothing when it is not.
std::optional<std::string> cipher_key_of(std::string_view document);

class Cipher {
public:
    // Encrypts with the first; without any, nothing is encrypted. The others are only read with.
    explicit Cipher(std::vector<CipherKey> keys = {}) : keys_(std::move(keys)) {}

    bool encrypts() const { return !keys_.empty(); }

    std::string_view key_id() const { return keys_.empty() ? "" : std::string_view(keys_[0].id); }

    base::Secret encrypt(std::string_view name, const base::Secret& plain) const;
    // A document that is not encrypted is returned as it is.
    base::Result<base::Secret> decrypt(std::string_view name, base::Secret stored) const;

private:
    std::vector<CipherKey> keys_;
};

}  // namespace parley::store
