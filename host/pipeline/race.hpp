// pipeline/race.hpp: two attempts of one exchange side by side, where the first says nothing for
// long. The exchange waits for both; whoever has something to show is the one that the client
// hears. [loop]
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/task.hpp"
#include "pipeline/attempt.hpp"

namespace parley::pipeline {

// What one coroutine waits for. Told before it waits, it does not.
class News {
public:
    void tell() {
        if (waiter_ == nullptr)
            is_told_ = true;
        else
            std::exchange(waiter_, nullptr).resume();
    }

    bool await_ready() { return std::exchange(is_told_, false); }

    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }

    void await_resume() const {}

private:
    std::coroutine_handle<> waiter_;
    bool is_told_ = false;
};

struct Runner {
    Attempt* attempt = nullptr;                // null: it has not begun
    std::optional<base::Result<void>> done{};  // empty: it is under way
    bool is_settled = false;

    bool is_running() const { return attempt != nullptr && !done; }
};

struct Race {
    Runner first;
    Runner second;
    Runner* winner = nullptr;  // whose reply, or failure, is the exchange's; null: not known yet
    bool is_late = false;      // the first has said nothing for long
    News news;

    Runner& other(const Runner& one) { return &one == &first ? second : first; }

    bool is_over() const { return !first.is_running() && !second.is_running(); }

    // The other one is of no further use.
    void decide(Runner& one);
};

// Runs it, and tells the news of its end.
base::Task<void> begin(Race& race, Runner& runner);

}  // namespace parley::pipeline
