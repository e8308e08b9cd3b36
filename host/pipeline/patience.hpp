// pipeline/patience.hpp: how long an upstream may be silent, and when its client hears meanwhile
// that the exchange lives.
#pragma once

#include <algorithm>
#include <cstdint>

namespace parley::pipeline {

class Patience {
public:
    // Silence ends after `wait_ms`; every `ping_ms` of it there is a sign of life. 0: never.
    Patience(std::uint64_t now_ms, std::uint64_t wait_ms, std::uint64_t ping_ms)
        : end_ms_(now_ms + wait_ms), ping_ms_(ping_ms) {}

    // How long to wait now.
    std::uint64_t step_ms(std::uint64_t now_ms) const {
        const std::uint64_t left_ms = end_ms_ > now_ms ? end_ms_ - now_ms : 1;
        return ping_ms_ == 0 ? left_ms : std::min(left_ms, ping_ms_);
    }

    bool is_over(std::uint64_t now_ms) const { return now_ms >= end_ms_ || ping_ms_ == 0; }

private:
    std::uint64_t end_ms_;
    std::uint64_t ping_ms_;
};

}  // namespace parley::pipeline
