// supervisor/watchdog.hpp: sees which loops a plugin holds up, by looking into the black box now
// and then. A visit that is the same at two looks has lasted for at least the time between them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/black_box.hpp"

namespace parley::supervisor {

class Watchdog {
public:
    enum class Step { none, slow, dump, abort };

    struct Finding {
        Step step = Step::none;
        std::int32_t thread = 0;
        base::Place place = 0;
        std::uint64_t held_ms = 0;
    };

    // Each step of a visit is told once.
    std::vector<Finding> look(const base::BlackBox& box, std::uint64_t now_ms);

    // Whether any loop was in a plugin at the last look, or has been since the one before.
    bool saw_life() const { return saw_life_; }

private:
    struct Seen {
        std::int32_t thread = 0;
        base::Place place = 0;
        std::uint32_t visits = 0;
        std::uint64_t since_ms = 0;
        Step told = Step::none;
    };

    std::array<Seen, base::BlackBox::kLines> seen_{};
    bool saw_life_ = false;
};

}  // namespace parley::supervisor
