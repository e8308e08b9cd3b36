// http/deadline.hpp: many coarse deadlines for the price of one timer.
//
// A deadline is a member of what it guards. Setting, moving and clearing one is a few stores; the
// loop's tick looks at all of them every kTickMs. [loop]
#pragma once

#include <cstdint>

namespace parley::http {

class Deadlines;

class Deadline {
public:
    static constexpr int kTickMs = 50;
    static constexpr int kLateMs = 4 * kTickMs;  // a tick that comes so late was held up

    // `expired(owner)` runs on the loop, once for each set().
    using Expired = void (*)(void* owner);
    Deadline(Deadlines& all, void* owner, Expired expired);
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    ~Deadline() {
        if (expired_ != nullptr) clear();
    }

    // Replaces what was set before. 0 means none.
    void set(std::uint64_t after_ms);
    void clear();

    bool is_set() const { return next_ != nullptr; }

private:
    friend class Deadlines;

    struct Sentinel {};

    explicit Deadline(Sentinel) : next_(this), previous_(this) {}

    Deadlines* all_ = nullptr;
    void* owner_ = nullptr;
    Expired expired_ = nullptr;
    std::uint64_t at_ms_ = 0;
    Deadline* next_ = nullptr;
    Deadline* previous_ = nullptr;
};

class Deadlines {
public:
    // `start` is called when the first deadline is set: the loop then ticks until tick() is false.
    using Start = void (*)(void* ctx);

    Deadlines(Start start, void* ctx) : start_(start), ctx_(ctx) {}

    // The loop's clock, read once a wake-up.
    std::uint64_t now_ms() const { return now_ms_; }

    void set_now_ms(std::uint64_t now_ms) { now_ms_ = now_ms; }

    // Fires what is due. False when none are left. `late_ms`: how much later the tick comes than it
    // should. A loop that was held up that long has heard of nothing that happened meanwhile, so
    // the time counts for no deadline.
    bool tick(std::uint64_t late_ms = 0);

private:
    friend class Deadline;
    void link(Deadline& d);
    void postpone(std::uint64_t by_ms);
    static void unlink(Deadline& d);

    Deadline head_{Deadline::Sentinel{}};
    std::uint64_t now_ms_ = 0;
    bool ticking_ = false;
    Start start_;
    void* ctx_;
};

}  // namespace parley::http
