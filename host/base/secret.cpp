#include "base/secret.hpp"

#include <openssl/crypto.h>

namespace parley::base {

void wipe(void* memory, std::size_t size) {
    OPENSSL_cleanse(memory, size);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace parley::base
