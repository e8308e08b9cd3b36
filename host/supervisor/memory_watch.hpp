// supervisor/memory_watch.hpp: sees which plugin a worker's memory grows in, by looking at both now
// and then. What has grown between two looks is put down to the plugins that loops are in at the
// second one: who takes memory and fills it is in its call for long enough to be met there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <sys/types.h>

#include "base/black_box.hpp"

namespace parley::supervisor {

class MemoryWatch {
public:
    struct Finding {
        base::Place place = 0;    // whose calls it grew in
        std::uint64_t grown = 0;  // bytes, in those calls, and still there
        std::uint64_t bytes = 0;  // that the worker has in all
    };

    // `bytes` is what the worker has. Tells of a plugin that has taken box.leak_bytes, and again
    // each time that it is twice as much.
    std::optional<Finding> look(const base::BlackBox& box, std::uint64_t bytes);

    // Whose calls more of the worker's growth came in than in any other's, where that is leak_bytes
    // and a third of all at least.
    std::optional<Finding> suspect() const;

    // Memory has grown of late: whoever looks more often now meets more of those that take it.
    bool is_growing() const { return looks_left_ != 0; }

private:
    struct Grown {
        base::Place place = 0;  // the last one of this plugin
        std::uint64_t bytes = 0;
    };

    void charge(const base::BlackBox& box, std::uint64_t bytes);
    void let_go(std::uint64_t bytes);

    std::array<Grown, base::BlackBox::kPlugins> grown_{};
    std::uint64_t all_grown_ = 0;   // since the first look, in plugins or not, less what was let go
    std::uint64_t before_ = 0;      // bytes at the last look; 0: there was none
    std::uint64_t leak_bytes_ = 0;  // at the last look
    std::uint64_t told_at_ = 0;
    int looks_left_ = 0;
};

// The memory that a process has in use, in bytes; 0: not known.
std::uint64_t memory_of(pid_t process);

}  // namespace parley::supervisor
