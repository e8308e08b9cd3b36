// store/read_cipher.hpp: where the key comes from that documents are encrypted with.
#pragma once

#include "base/error.hpp"
#include "config/config.hpp"
#include "store/cipher.hpp"

namespace parley::store {

// The keys of [store], from the configuration, a file or a program's output; of a fault `param` is
// the key of the configuration. Blocks while the program runs, for store.call_ms at most.
base::Result<Cipher> read_cipher(const config::Store& wished);

}  // namespace parley::store
