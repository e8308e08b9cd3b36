// check/measure.hpp: what calls into a plugin cost, and what they take from the heap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/check.hpp"

namespace parley::check {

struct Measured {
    std::string component;  // "dialect acme"; "plugin" for all of it
    std::string what;       // "encode, a delta of 16 bytes"
    double ns = 0;          // of this thread's CPU, the median of many batches
    double ns_least = 0;    // of the fastest batch
    double allocations = 0;
    std::uint64_t calls = 0;
};

// Loads the file in a child. `each_ms` is how long one figure is measured. Fails where the plugin
// cannot be loaded, or ends the process; words say at what.
base::Result<std::vector<Measured>> measure(const Subject& subject, int each_ms);

}  // namespace parley::check
