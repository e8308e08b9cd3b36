// base/counted.hpp: numbers as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::base {

// "1 provider", "2 providers": what is counted is named in the singular, and takes an s.
inline std::string counted(std::uint64_t count, std::string_view what) {
    std::string out = std::to_string(count) + ' ';
    out += what;
    return count == 1 ? out : out + 's';
}

}  // namespace parley::base
