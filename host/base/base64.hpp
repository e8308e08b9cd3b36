// base/base64.hpp: base64url without padding (RFC 4648, section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::base {

std::string to_base64url(std::string_view bytes);

// Nothing when the text is not base64url.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace parley::base
