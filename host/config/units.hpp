// config/units.hpp: durations and sizes as people write them: "250ms", "10s", "64KiB".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::config {

// Milliseconds of "250ms", "10s", "5m", "1h"; nothing else is a duration.
std::optional<std::uint64_t> parse_duration(std::string_view text);
std::string print_duration(std::uint64_t ms);

// Bytes of "64KiB", "10MiB", "1GiB", "1TiB", "64kB", "10MB", "1GB".
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::string print_bytes(std::uint64_t bytes);

}  // namespace parley::config
