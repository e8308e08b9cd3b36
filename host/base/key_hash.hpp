// base/key_hash.hpp: client keys as they are kept: by a salted slow hash, from which nobody reads
// the key back.
//
// A key is "parley_<id>_<random>". The id is no secret: it says which one hash a key that comes has
// to fit, so that one which nobody made costs no hash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace parley::base {

struct KeyHash {
    std::string id;
    unsigned cost_log2 = 0;  // of scrypt, as all that follows: N
    unsigned block = 0;      // r
    unsigned lanes = 0;      // p
    std::string salt;
    std::string digest;

    // "<id>:scrypt:<N as a power of two>:<r>:<p>:<salt>:<digest>", the last two in base64url.
    std::string text() const;

    // Takes some ten megabytes and tenths of a second: not on a loop.
    bool fits(std::string_view key) const;
};

Secret make_key();

// The id of such a key; empty: it is none.
std::string_view id_of_key(std::string_view key);

// Nothing for what is no such key.
std::optional<KeyHash> hash_key(std::string_view key);

// Nothing for what is none, or would take more than memory and patience.
std::optional<KeyHash> read_key_hash(std::string_view text);

}  // namespace parley::base
