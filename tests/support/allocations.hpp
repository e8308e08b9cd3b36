// allocations.hpp: how often this program, and the plugins that it loads, took memory with new.
#pragma once

#include <cstddef>

namespace parley::support {

// Since the start, by all threads.
std::size_t allocations();
std::size_t allocated_bytes();

}  // namespace parley::support
