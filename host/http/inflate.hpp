// http/inflate.hpp: request bodies in gzip, deflate, br or zstd, within limits that stop bombs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "http/head.hpp"

namespace parley::http {

struct InflateLimits {
    std::uint64_t bytes_max;
    std::uint64_t ratio_max;  // of plain to packed, looked at once kRatioFromBytes are out
};

constexpr std::uint64_t kRatioFromBytes = 64 * 1024;

// What a body is coded by, in the order in which it was done; several fields are one list (RFC
// 9110, section 5.3), in which "identity" is nothing. Empty: it is plain.
std::string codings_of(const Head& head);

// Appends the plain body. Codings may be listed ("gzip, br"); the last is undone first.
base::Result<void> inflate(std::string_view codings,
                           std::string_view packed,
                           const InflateLimits& limits,
                           base::Bytes& plain);

}  // namespace parley::http
