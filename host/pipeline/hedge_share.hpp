// pipeline/hedge_share.hpp: how many second attempts beside a first one a loop may make. Each
// request that may have one earns a part of it, and some can be saved up. [loop]
#pragma once

#include <algorithm>
#include <cstdint>

#include "config/limits.hpp"

namespace parley::pipeline {

class HedgeShare {
public:
    void earn(const config::FailoverLimits& limits) {
        percent_ = std::min(percent_ + limits.hedge_percent, limits.hedges_saved * kOne);
    }

    // False: they are used up.
    bool take() {
        if (percent_ < kOne) return false;
        percent_ -= kOne;
        return true;
    }

private:
    static constexpr std::uint64_t kOne = 100;

    std::uint64_t percent_ = kOne;
};

}  // namespace parley::pipeline
