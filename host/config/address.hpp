// config/address.hpp: where to listen, as text and as parts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::config {

struct Address {
    std::string host;  // without brackets
    std::uint16_t port = 0;

    // "127.0.0.1:8317", "[::1]:8317"
    std::string text() const;
};

// Reads "host:port", "[v6]:port" or "port", which means 127.0.0.1.
std::optional<Address> parse_address(std::string_view text);

}  // namespace parley::config
