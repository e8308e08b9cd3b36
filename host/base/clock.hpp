// base/clock.hpp: the wall's clock. What only measures time asks its event loop instead.
#pragma once

#include <chrono>
#include <cstdint>

namespace parley::base {

// Milliseconds since 1970 UTC.
inline std::int64_t wall_ms() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace parley::base
