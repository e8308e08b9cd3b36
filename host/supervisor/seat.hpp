// supervisor/seat.hpp: the place of one worker among those that serve side by side.
#pragma once

#include <cstdint>
#include <optional>

#include "supervisor/worker.hpp"

namespace parley::supervisor {

struct Seat {
    explicit Seat(int of) : number(of) {}

    // Somebody serves here, or is about to.
    bool is_taken() const { return serving || coming || restart_at_ms; }

    bool is_served() const { return serving && serving->is_ready(); }

    const int number;               // from 1; the worker of the first follows the files
    std::optional<Worker> serving;  // or will, when it is ready
    std::optional<Worker> coming;   // will serve in its place
    bool has_served = false;
    std::uint64_t started_ms = 0;                // of the one that serves
    std::optional<std::uint64_t> restart_at_ms;  // none serves until then
    std::uint64_t rest_ms = 0;                   // between the last two starts
};

}  // namespace parley::supervisor
