#include "accounts/budget.hpp"

#include <algorithm>

namespace parley::accounts {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::int64_t kDayMs = 86'400'000;

// How long the bucket takes to bring `amount` back.
std::int64_t cost_us(std::uint64_t amount, std::uint64_t per_minute) {
    const double us = static_cast<double>(amount) * static_cast<double>(kMinuteUs);
    constexpr double kMost = 1e17;
    return static_cast<std::int64_t>(std::min(us / static_cast<double>(per_minute), kMost));
}

std::uint64_t rounded_up_ms(std::int64_t us) {
    return us <= 0 ? 0 : static_cast<std::uint64_t>((us + 999) / 1000);
}

}  // namespace

const char* words_of(Over over) {
    switch (over) {
        case Over::kNothing:
            return "";
        case Over::kRequests:
            return "requests per minute";
        case Over::kTokens:
            return "tokens per minute";
        case Over::kDay:
            return "tokens per day";
        case Over::kStreams:
            return "requests under way";
    }
    return "";
}

std::uint64_t Budget::Bucket::take(std::uint64_t per_minute, std::int64_t now_ms) {
    const std::int64_t now = now_ms * 1000;
    std::int64_t full = full_us.load(kRelaxed);
    for (;;) {
        const std::int64_t after = std::max(full, now) + cost_us(1, per_minute);
        if (after - now > kMinuteUs) return rounded_up_ms(after - now - kMinuteUs);
        if (full_us.compare_exchange_weak(full, after, kRelaxed)) return 0;
    }
}

std::uint64_t Budget::Bucket::wait_ms(std::uint64_t per_minute, std::int64_t now_ms) const {
    const std::int64_t after = full_us.load(kRelaxed) + cost_us(1, per_minute);
    return rounded_up_ms(after - now_ms * 1000 - kMinuteUs);
}

void Budget::Bucket::spend(std::uint64_t amount, std::uint64_t per_minute, std::int64_t now_ms) {
    const std::int64_t now = now_ms * 1000;
    std::int64_t full = full_us.load(kRelaxed);
    while (!full_us.compare_exchange_weak(
        full, std::max(full, now) + cost_us(amount, per_minute), kRelaxed)) {
    }
}

void Budget::roll_day(std::int64_t wall_ms) {
    const std::int64_t today = wall_ms / kDayMs;
    std::int64_t day = day_.load(kRelaxed);
    // A clock that was set back must not give a second budget.
    while (day < today) {
        if (!day_.compare_exchange_weak(day, today, kRelaxed)) continue;
        day_tokens_.store(0, kRelaxed);
        day_requests_.store(0, kRelaxed);
        day_elsewhere_.store(0, kRelaxed);
        return;
    }
}

Admission Budget::begin(const config::CallerLimits& limits,
                        std::int64_t now_ms,
                        std::int64_t wall_ms) {
    roll_day(wall_ms);
    tokens_per_minute_.store(limits.tokens_per_minute_max, kRelaxed);
    const std::uint64_t day_max = limits.tokens_per_day_max;
    const std::uint64_t of_day = day_tokens_.load(kRelaxed) + day_elsewhere_.load(kRelaxed);
    if (day_max != 0 && of_day >= day_max) {
        const auto left = static_cast<std::uint64_t>(kDayMs - wall_ms % kDayMs);
        return {Over::kDay, day_max, left};
    }
    const std::uint64_t tokens_max = limits.tokens_per_minute_max;
    if (tokens_max != 0) {
        const std::uint64_t wait = tokens_.wait_ms(tokens_max, now_ms);
        if (wait != 0) return {Over::kTokens, tokens_max, wait};
    }
    // One ends when it ends.
    constexpr std::uint64_t kStreamsWaitMs = 1'000;
    const std::uint32_t streams = streams_.fetch_add(1, kRelaxed);
    if (limits.streams_max != 0 && streams >= limits.streams_max) {
        end();
        return {Over::kStreams, limits.streams_max, kStreamsWaitMs};
    }
    const std::uint64_t requests_max = limits.requests_per_minute_max;
    if (requests_max != 0) {
        const std::uint64_t wait = requests_.take(requests_max, now_ms);
        if (wait != 0) {
            end();
            return {Over::kRequests, requests_max, wait};
        }
        day_requests_.fetch_add(1, kRelaxed);
    }
    return {};
}

void Budget::end() {
    streams_.fetch_sub(1, kRelaxed);
}

void Budget::spend(std::uint64_t tokens, std::int64_t now_ms, std::int64_t wall_ms) {
    roll_day(wall_ms);
    day_tokens_.fetch_add(tokens, kRelaxed);
    const std::uint64_t per_minute = tokens_per_minute_.load(kRelaxed);
    if (per_minute != 0) tokens_.spend(tokens, per_minute, now_ms);
}

Budget::Used Budget::of_day(std::int64_t wall_ms) const {
    if (day_.load(kRelaxed) < wall_ms / kDayMs) return {};
    return {day_tokens_.load(kRelaxed), day_requests_.load(kRelaxed)};
}

void Budget::restore_day(const Used& used, std::int64_t wall_ms) {
    roll_day(wall_ms);
    day_tokens_.fetch_add(used.tokens, kRelaxed);
    day_requests_.fetch_add(used.requests, kRelaxed);
}

void Budget::share_day(std::uint64_t tokens_elsewhere, std::int64_t wall_ms) {
    roll_day(wall_ms);
    day_elsewhere_.store(tokens_elsewhere, kRelaxed);
}

void Budget::spend_elsewhere(const Used& fresh,
                             const config::CallerLimits& limits,
                             std::int64_t now_ms) {
    const auto spend = [now_ms](Bucket& bucket, std::uint64_t amount, std::uint64_t per_minute) {
        if (per_minute != 0) bucket.spend(std::min(amount, 2 * per_minute), per_minute, now_ms);
    };
    spend(tokens_, fresh.tokens, limits.tokens_per_minute_max);
    spend(requests_, fresh.requests, limits.requests_per_minute_max);
}

void Budget::earn_attempt(const config::FailoverLimits& limits) {
    std::uint64_t missing = attempts_percent_.load(std::memory_order_relaxed);
    while (missing != 0) {
        const std::uint64_t less = missing - std::min(missing, limits.retry_percent);
        if (attempts_percent_.compare_exchange_weak(missing, less, std::memory_order_relaxed))
            return;
    }
}

bool Budget::take_attempt(const config::FailoverLimits& limits) {
    constexpr std::uint64_t kOnePercent = 100;
    std::uint64_t missing = attempts_percent_.load(std::memory_order_relaxed);
    do {
        if (missing + kOnePercent > limits.retries_saved * kOnePercent) return false;
    } while (!attempts_percent_.compare_exchange_weak(
        missing, missing + kOnePercent, std::memory_order_relaxed));
    return true;
}

}  // namespace parley::accounts
