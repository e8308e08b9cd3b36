// lock.hpp: whose turn it is to write, among all processes and threads that have the store open.
#pragma once

#include <cstdint>
#include <optional>

#include "folder.hpp"

namespace parley::store_file {

// Two file locks, given back by the destructor and by the death of the process: who waits for the
// one has the other, so that a writer in a loop cannot be faster than all who wait.
class Lock {
public:
    // Throws OVERLOADED when others keep it for more than `wait_ms`, as a process does that was
    // frozen in the middle of a write.
    Lock(const Folder& folder, uint64_t wait_ms, sdk::Cancel cancel);

    // Takes it within that time or not at all.
    static std::optional<Lock> attempt(const Folder& folder, uint64_t wait_ms, sdk::Cancel cancel);

private:
    explicit Lock(Descriptor file) : file_(std::move(file)) {}

    Descriptor file_;
};

}  // namespace parley::store_file
