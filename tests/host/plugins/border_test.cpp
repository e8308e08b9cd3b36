// Errors on their way over the border.
#include "plugins/border.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace parley::plugins {

namespace {

constexpr std::uint64_t kHourMs = 3'600'000;

std::uint64_t now_ms() {
    return static_cast<std::uint64_t>(base::wall_ms());
}

TEST(ErrorsAtTheBorder, HaveTheMomentThatTheWaitLeadsTo) {
    base::Error error = base::upstream_error(PARLEY_E_QUOTA_EXHAUSTED, "spent");
    EXPECT_EQ(to_border(error).retry_at_ms, 0U) << "nothing was told";
    error.retry_after_ms = kHourMs;
    const std::uint64_t before = now_ms();
    const parley_error told = to_border(error);
    EXPECT_EQ(told.retry_after_ms, kHourMs);
    EXPECT_GE(told.retry_at_ms, before + kHourMs);
    EXPECT_LE(told.retry_at_ms, now_ms() + kHourMs);
    error.retry_after_ms = UINT64_MAX;
    EXPECT_EQ(to_border(error).retry_at_ms, UINT64_MAX) << "it does not wrap";
}

TEST(ErrorsAtTheBorder, HaveTheWaitUntilTheMoment) {
    auto told = sized<parley_error>();
    told.error_class = PARLEY_E_QUOTA_EXHAUSTED;
    const std::uint64_t before = now_ms();
    told.retry_at_ms = before + kHourMs;
    const std::uint64_t wait_ms = from_border(told).retry_after_ms;
    EXPECT_LE(wait_ms, kHourMs);
    EXPECT_GE(wait_ms, kHourMs - (now_ms() - before));
    told.retry_at_ms = before - kHourMs;
    EXPECT_EQ(from_border(told).retry_after_ms, 0U) << "it has passed";
    told.retry_after_ms = 5;
    EXPECT_EQ(from_border(told).retry_after_ms, 5U) << "the wait counts for more";
}

}  // namespace

}  // namespace parley::plugins
