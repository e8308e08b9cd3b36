// base/nearest.hpp: "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::base {

// The names that are close enough to a misspelt one to be worth mentioning, the closest first.
std::vector<std::string> nearest(std::string_view misspelt,
                                 const std::vector<std::string>& names,
                                 std::size_t count_max);

}  // namespace parley::base
