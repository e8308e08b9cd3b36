// accounts/health.hpp: how it goes with an account, with one model of an account, or with a
// provider. All loops read and write it at once, without locks but for words about failures.
//
// Times are milliseconds of a clock that the caller reads; it never goes back and begins above 0.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::accounts {

// What is left alone, until when, and why.
struct CoolDown {
    // Of an account that nothing but a new login helps.
    static constexpr std::int64_t kEndless = INT64_MAX;

    std::int64_t until_ms = 0;
    std::int64_t probe_ms = 0;  // when one attempt may look whether it is over; at most until_ms
    int error_class = 0;        // PARLEY_E_*
    unsigned level = 0;         // how many came one after another
};

// What the upstream says is left in one of its windows.
struct Window {
    std::array<char, 24> name{};  // "requests", "tokens-5h"; the rest is 0
    std::uint64_t limit = 0;
    std::uint64_t remaining = 0;
    std::int64_t reset_ms = 0;    // when it is full again
    std::uint64_t length_ms = 0;  // 0: learned from the resets
    unsigned kind = 0;            // PARLEY_WINDOW_*
    bool refills = false;         // steadily until reset_ms; otherwise all at once then

    static Window named(std::string_view name);

    std::string_view text() const { return name.data(); }
};

// The window that has the least left.
struct Quota {
    std::int64_t left = -1;      // -1: not told
    std::uint64_t reset_ms = 0;  // from now
};

struct LastError {
    int error_class = 0;  // 0: there was none
    std::int64_t at_ms = 0;
    std::string text;
};

class Health {
public:
    Health() = default;
    Health(const Health&) = delete;
    Health& operator=(const Health&) = delete;
    ~Health();

    // ---- attempts ----

    void begin();
    void content(std::int64_t now_ms, std::int64_t content_ms);
    void end(std::int64_t now_ms);
    // What begin() counted, of an attempt that is not made.
    void take_back();
    void count_success(std::int64_t now_ms);
    // Returns how many there were in a row.
    std::uint32_t count_failure(std::int64_t now_ms, int error_class, std::string_view text);

    std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

    std::uint32_t attempts() const { return attempts_.load(std::memory_order_relaxed); }

    // The end of the latest attempt; 0: none yet.
    std::int64_t ended_ms() const { return ended_ms_.load(std::memory_order_relaxed); }

    // Of the attempts that ended lately, forgotten with a half-life of a minute; 1000 without any.
    std::uint32_t success_per_mille(std::int64_t now_ms) const;
    // Time to first content: follows peaks at once, forgets them with that half-life, so that what
    // was slow is tried again; 0: not known.
    float content_ms(std::int64_t now_ms) const;
    LastError last_error() const;
    // The class of the latest failure, when no success came after it; else 0.
    int failing_class() const;

    // ---- cool-down ----

    // Nothing is held against it.
    bool is_open() const { return until_ms_.load(std::memory_order_acquire) == 0; }

    // When the next attempt may be let through: 0 when it is open, and no later than `now_ms` when
    // a probe may go now.
    std::int64_t next_ms() const;

    bool is_probed() const { return probed_.load(std::memory_order_acquire); }

    // Takes the right to try it during a cool-down; one attempt at a time has it.
    bool take_probe(std::int64_t now_ms);
    void give_probe_back();

    CoolDown cool_down() const;

    // When the present one began; 0: there is none.
    std::int64_t cooled_ms() const { return cooled_ms_.load(std::memory_order_acquire); }

    void cool(const CoolDown& down, std::int64_t now_ms);
    // Ends a cool-down; what comes after begins at the lowest wait again.
    void clear();

    // ---- windows ----

    static constexpr std::size_t kWindowsMax = 8;

    // More windows than kWindowsMax are not kept.
    void told(const Window& window, std::int64_t now_ms);
    std::vector<Window> windows() const;
    // How the windows stand: the least of (share left / share of the time left) of them; 1 is a
    // pace that lasts exactly, 0 is used up, kUntold says that no window is told.
    static constexpr float kUntold = -1;
    float headroom(std::int64_t now_ms) const;

    // Of the windows that count tokens.
    Quota tokens_left(std::int64_t now_ms) const;

    // Of one of the windows, the least share that is left; kUntold as above.
    float share_left(std::int64_t now_ms) const;

private:
    struct Details;

    Details& details();

    const Details* known_details() const { return details_.load(std::memory_order_acquire); }

    void count(std::int64_t now_ms, bool is_success);

    std::atomic<std::uint32_t> in_flight_{0};
    std::atomic<std::uint32_t> attempts_{0};
    std::atomic<std::uint32_t> failures_{0};  // in a row
    std::atomic<std::uint16_t> why_{0};       // of the cool-down: class and level, a byte each
    std::atomic<bool> probed_{false};
    std::atomic<std::int64_t> ended_ms_{0};
    std::atomic<std::uint64_t> outcomes_{0};  // successes, failures, second: see health.cpp
    std::atomic<std::uint64_t> latency_{0};   // milliseconds as a float, time
    std::atomic<std::int64_t> until_ms_{0};   // 0: open
    std::atomic<std::int64_t> probe_ms_{0};
    std::atomic<std::int64_t> cooled_ms_{0};
    std::atomic<Details*> details_{nullptr};  // what idle accounts do not need
};

}  // namespace parley::accounts
