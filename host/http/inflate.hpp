// http/inflate.hpp: request bodies in gzip, deflate, br or zstd, within limits that stop bombs.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace parley::http {

struct InflateLimits {
    std::uint64_t bytes_max;
    std::uint64_t ratio_max;  // of plain to packed, looked at once kRatioFromBytes are out
};

constexpr std::uint64_t kRatioFromBytes = 64 * 1024;

// Appends the plain body. Codings may be listed ("gzip, br"); the last is undone first.
base::Result<void> inflate(std::string_view codings,
                           std::string_view packed,
                           const InflateLimits& limits,
                           base::Bytes& plain);

}  // namespace parley::http
