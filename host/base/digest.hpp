// base/digest.hpp: SHA-256 and random bytes, without all that OpenSSL loads for them.
//
// The first digest that OpenSSL looks up in its provider, and the first random byte, load and
// start the whole of it: 2 MB, and that in processes which speak no TLS.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace parley::base {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view bytes);

// RFC 2104, over SHA-256.
Digest hmac_sha256(std::string_view key, std::string_view bytes);

// Fills from the kernel; throws when it has none to give.
void fill_random(std::span<unsigned char> bytes);

}  // namespace parley::base
