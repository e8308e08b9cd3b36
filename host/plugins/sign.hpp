// plugins/sign.hpp: signatures for plugins, which link no crypto library. [any thread]
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "parley/abi.h"

namespace parley::plugins {

// See parley_host_crypto.sign_rs256. `written` is set when the result is PARLEY_OK.
parley_status sign_rs256(std::string_view pem,
                         std::string_view data,
                         std::span<std::uint8_t> out,
                         std::size_t& written);

}  // namespace parley::plugins
