// plugins/cancel.hpp: what ends a call that blocks: its time is up, or nobody wants its result.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "parley/abi.h"

namespace parley::plugins {

// Many calls may look at one; any thread may set it.
using StopFlag = std::shared_ptr<std::atomic<bool>>;

inline StopFlag make_stop_flag() {
    return std::make_shared<std::atomic<bool>>(false);
}

class Cancel {
public:
    Cancel(std::uint64_t time_ms, StopFlag stop)
        : stop_(std::move(stop)),
          until_(Clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(time_ms))) {
        view_.struct_size = sizeof(view_);
        view_.ctx = this;
        view_.is_cancelled = [](const parley_cancel* cancel) {
            return static_cast<const Cancel*>(cancel->ctx)->is_set() ? 1 : 0;
        };
    }

    Cancel(const Cancel&) = delete;
    Cancel& operator=(const Cancel&) = delete;

    bool is_stopped() const { return stop_ != nullptr && stop_->load(); }

    bool is_set() const { return is_stopped() || Clock::now() >= until_; }

    const parley_cancel* border() const { return &view_; }

private:
    using Clock = std::chrono::steady_clock;

    StopFlag stop_;
    Clock::time_point until_;
    parley_cancel view_{};
};

}  // namespace parley::plugins
