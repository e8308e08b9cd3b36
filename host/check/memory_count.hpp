// check/memory_count.hpp: how often a loaded plugin takes memory from the system.
#pragma once

#include <cstdint>

namespace parley::check {

// While one is there, calls of the library around `address` for memory are counted: its own, and
// `with_cpp` those of the C++ library that it shares with others, where it uses that; the host
// should not, meanwhile. In a process of its own; one at a time.
class MemoryCount {
public:
    MemoryCount(const void* address, bool with_cpp);
    MemoryCount(const MemoryCount&) = delete;
    MemoryCount& operator=(const MemoryCount&) = delete;
    ~MemoryCount();

    std::uint64_t taken() const;
};

}  // namespace parley::check
