// command/moving/exported.hpp: the form in which accounts leave, see docs/moving.md.
#pragma once

#include <string_view>

namespace parley::command {

inline constexpr std::string_view kExportFormat = "parley-accounts/1";

}  // namespace parley::command
