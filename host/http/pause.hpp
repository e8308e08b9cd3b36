// http/pause.hpp: wait for some time, or until cancelled. [loop]
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "http/deadline.hpp"
#include "http/loop.hpp"

namespace parley::http {

class Pause {
public:
    // UINT64_MAX: until cancelled.
    Pause(Loop& loop, std::uint64_t ms)
        : deadline_(loop.deadlines(), this, [](void* self) { static_cast<Pause*>(self)->end(); }) {
        if (ms != UINT64_MAX) deadline_.set(ms == 0 ? 1 : ms);
    }

    void cancel() { end(); }

    bool await_ready() const { return ended_; }

    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }

    void await_resume() const {}

private:
    void end() {
        ended_ = true;
        deadline_.clear();
        if (waiter_) std::exchange(waiter_, nullptr).resume();
    }

    Deadline deadline_;
    std::coroutine_handle<> waiter_;
    bool ended_ = false;
};

}  // namespace parley::http
