#include "base/task.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace parley::base {
namespace {

// Waits until somebody opens it.
struct Gate {
    std::coroutine_handle<> waiter;

    bool await_ready() const { return false; }

    void await_suspend(std::coroutine_handle<> h) { waiter = h; }

    void await_resume() const {}

    void open() { std::exchange(waiter, nullptr).resume(); }
};

Task<int> ready(int value) {
    co_return value;
}

Task<int> after(Gate& gate, int value) {
    co_await gate;
    co_return value;
}

Task<std::string> failing() {
    throw std::runtime_error("no");
    co_return "";
}

Task<void> sum(Gate& gate, int& out) {
    const int a = co_await ready(1);
    const int b = co_await after(gate, 2);
    const int c = co_await ready(3);
    out = a + b + c;
}

TEST(Task, GoesOnWhereItWaited) {
    Gate gate;
    int out = 0;
    spawn(sum(gate, out));
    EXPECT_EQ(out, 0);
    gate.open();
    EXPECT_EQ(out, 6);
}

Task<void> catching(bool& caught) {
    try {
        const std::string never = co_await failing();
        (void)never;
    } catch (const std::runtime_error&) {
        caught = true;
    }
}

TEST(Task, HandsExceptionsOn) {
    bool caught = false;
    spawn(catching(caught));
    EXPECT_TRUE(caught);
}

Task<void> loop(long& count) {
    for (; count < 1'000'000; ++count) {
        const int one = co_await ready(1);
        if (one != 1) co_return;
    }
}

// Ready work does not grow the stack, at no level of optimisation.
TEST(Task, LoopsOverReadyWorkInConstantStack) {
    long count = 0;
    spawn(loop(count));
    EXPECT_EQ(count, 1'000'000);
}

// The forms that g++ 12 compiles wrongly are forbidden; these are the allowed ones.
Task<bool> yes() {
    co_return true;
}

Task<void> allowed_forms(int& steps) {
    const bool named = co_await yes();
    if (named) ++steps;
    co_await ready(1);
    ++steps;
    std::string text = "x";
    Task<bool> later = yes();
    const bool moved = co_await later;
    if (moved) ++steps;
}

TEST(Task, AllowedFormsRunToTheirEnd) {
    int steps = 0;
    spawn(allowed_forms(steps));
    EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace parley::base
