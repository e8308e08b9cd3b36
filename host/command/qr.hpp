// command/qr.hpp: an address as a QR code, for a terminal and a telephone before it.
#pragma once

#include <string>
#include <string_view>

namespace parley::command {

// Lines of half blocks, dark on light; empty when the text is too long, or wider than `columns`.
std::string qr_code(std::string_view text, std::size_t columns);

}  // namespace parley::command
