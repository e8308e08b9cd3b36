// http/on_loop.hpp: work done on another loop, for a coroutine of this one.
#pragma once

#include <coroutine>
#include <functional>
#include <utility>

#include "http/loop.hpp"

namespace parley::http {

// A value to be awaited once. The waiter goes on at home, where it waited.
class OnLoop {
public:
    OnLoop(Loop& there, Loop& home, std::function<void()> work)
        : there_(there), home_(home), work_(std::move(work)) {}

    OnLoop(const OnLoop&) = delete;
    OnLoop& operator=(const OnLoop&) = delete;

    bool await_ready() const { return false; }

    void await_suspend(std::coroutine_handle<> waiter) {
        there_.post([this, waiter] {
            there_.wake();
            work_();
            home_.post([&home = home_, waiter] {
                home.wake();
                waiter.resume();
            });
        });
    }

    void await_resume() const {}

private:
    Loop& there_;
    Loop& home_;
    std::function<void()> work_;
};

}  // namespace parley::http
