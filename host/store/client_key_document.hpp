// store/client_key_document.hpp: client keys that are kept in the store: "client-key/<name>", a
// JSON object with what [[client_key]] has, of the key its hash alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"
#include "store/ledger.hpp"

namespace parley::store {

inline constexpr std::string_view kClientKeyPrefix = "client-key/";

std::string client_key_key(std::string_view name);

base::Result<config::ClientKey> read_client_key(std::string_view key, std::string_view text);

// Those that the ledger has, by name. What cannot be read is logged, and is a disabled key here.
std::vector<config::ClientKey> read_client_keys(const Ledger& ledger);

}  // namespace parley::store
