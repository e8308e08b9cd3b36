// accounts/budget.hpp: what a caller has used of what it may. All loops count at once, without
// locks. Times are the caller's; days are those of the wall clock.
#pragma once

#include <atomic>
#include <cstdint>

#include "config/limits.hpp"

namespace parley::accounts {

// Which limit was met.
enum class Over : std::uint8_t { kNothing, kRequests, kTokens, kDay, kStreams };

const char* words_of(Over over);

struct Admission {
    Over over = Over::kNothing;
    std::uint64_t limit = 0;
    std::uint64_t reset_ms = 0;  // from now: when it is worth asking again
};

class Budget {
public:
    // A request begins, unless a limit is met. What begins ends once, with end().
    Admission begin(const config::CallerLimits& limits, std::int64_t now_ms, std::int64_t wall_ms);
    void end();
    // What a reply cost; known only afterwards, so the last request of a budget may overdraw it,
    // which the next ones wait for.
    void spend(std::uint64_t tokens, std::int64_t now_ms, std::int64_t wall_ms);

    // Attempts beyond the first of a request: each request earns a part of one, some can be saved
    // up, and at first all of these are. So many callers whose accounts fail do not multiply what
    // their upstreams have to bear.
    void earn_attempt(const config::FailoverLimits& limits);
    bool take_attempt(const config::FailoverLimits& limits);

    std::uint32_t streams() const { return streams_.load(std::memory_order_relaxed); }

    // What was used here; requests are counted where they are limited.
    struct Used {
        std::uint64_t tokens = 0;
        std::uint64_t requests = 0;
    };

    Used of_day(std::int64_t wall_ms) const;

    // Brings the day's counts back after a restart.
    void restore_day(const Used& used, std::int64_t wall_ms);

    // What other replicas have let the caller use: of the day, in all; and since that was told the
    // last time, which the minute's limits have to bear too: of what is told at once two minutes'
    // worth, so that after an absence nobody waits for longer than one.
    void share_day(std::uint64_t tokens_elsewhere, std::int64_t wall_ms);
    void spend_elsewhere(const Used& fresh,
                         const config::CallerLimits& limits,
                         std::int64_t now_ms);

private:
    // A bucket that fills steadily: what is taken out of it is the time until it is full again.
    struct Bucket {
        std::atomic<std::int64_t> full_us{0};

        // How long until one more of `per_minute` fits; 0: it has been taken.
        std::uint64_t take(std::uint64_t per_minute, std::int64_t now_ms);
        std::uint64_t wait_ms(std::uint64_t per_minute, std::int64_t now_ms) const;
        void spend(std::uint64_t amount, std::uint64_t per_minute, std::int64_t now_ms);
    };

    void roll_day(std::int64_t wall_ms);

    Bucket requests_;
    Bucket tokens_;
    std::atomic<std::uint64_t> tokens_per_minute_{0};  // the limit at the latest begin()
    std::atomic<std::int64_t> day_{0};
    std::atomic<std::uint64_t> day_tokens_{0};
    std::atomic<std::uint64_t> day_requests_{0};
    std::atomic<std::uint64_t> day_elsewhere_{0};  // tokens
    std::atomic<std::uint32_t> streams_{0};
    std::atomic<std::uint64_t> attempts_percent_{0};  // what is missing of those saved up
};

}  // namespace parley::accounts
