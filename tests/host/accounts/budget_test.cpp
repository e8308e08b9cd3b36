// budget_test.cpp: what callers may ask, and when again.
#include "accounts/budget.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "accounts/callers.hpp"

namespace parley::accounts {

namespace {

constexpr std::int64_t kNow = 1'000'000;
constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kWall = 20'000 * kDay + 3'600'000;

TEST(Budget, WithoutLimitsEverythingPasses) {
    Budget budget;
    const config::CallerLimits none;
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_EQ(budget.begin(none, kNow, kWall).over, Over::kNothing);
        budget.spend(1'000'000, kNow, kWall);
    }
    EXPECT_EQ(budget.streams(), 10'000U);
}

TEST(Budget, RequestsPerMinuteComeBackSteadily) {
    Budget budget;
    config::CallerLimits limits;
    limits.requests_per_minute_max = 60;
    const auto passes = [&](std::int64_t now_ms) {
        const Admission got = budget.begin(limits, now_ms, kWall);
        if (got.over == Over::kNothing) budget.end();
        return got;
    };
    for (int i = 0; i < 60; ++i) EXPECT_EQ(passes(kNow).over, Over::kNothing) << i;
    const Admission refused = passes(kNow);
    EXPECT_EQ(refused.over, Over::kRequests);
    EXPECT_EQ(refused.limit, 60U);
    EXPECT_EQ(refused.reset_ms, 1'000U);
    EXPECT_EQ(passes(kNow + 999).over, Over::kRequests);
    EXPECT_EQ(passes(kNow + 1'000).over, Over::kNothing);
    EXPECT_EQ(passes(kNow + 1'000).over, Over::kRequests);
    for (int i = 0; i < 60; ++i) EXPECT_EQ(passes(kNow + 61'000).over, Over::kNothing) << i;
    EXPECT_EQ(budget.streams(), 0U);
}

TEST(Budget, WhatOthersLetThroughCountsHere) {
    Budget budget;
    config::CallerLimits limits;
    limits.tokens_per_day_max = 100;
    budget.spend(60, kNow, kWall);
    budget.share_day(39, kWall);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
    budget.share_day(40, kWall);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kDay);
    EXPECT_EQ(budget.of_day(kWall).tokens, 60u) << "what is ours is told, and nothing twice";
    EXPECT_EQ(budget.begin(limits, kNow, kWall + kDay).over, Over::kNothing);

    Budget minute;
    limits = {};
    limits.requests_per_minute_max = 60;
    limits.tokens_per_minute_max = 1'000;
    minute.spend_elsewhere({0, 59}, limits, kNow);  // before it has been asked for here
    EXPECT_EQ(minute.begin(limits, kNow, kWall).over, Over::kNothing);
    EXPECT_EQ(minute.of_day(kWall).requests, 1u);
    EXPECT_EQ(minute.begin(limits, kNow, kWall).over, Over::kRequests);
    minute.spend_elsewhere({2'000, 0}, limits, kNow + 60'000);
    EXPECT_EQ(minute.begin(limits, kNow + 60'000, kWall).over, Over::kTokens);

    // What others used while nobody heard of it is not waited for as long as that took.
    Budget absent;
    absent.spend_elsewhere({1'000'000, 6'000}, limits, kNow);
    EXPECT_NE(absent.begin(limits, kNow, kWall).over, Over::kNothing);
    EXPECT_EQ(absent.begin(limits, kNow + 61'000, kWall).over, Over::kNothing);
}

TEST(Budget, TokensPerMinuteAreOverdrawnOnce) {
    Budget budget;
    config::CallerLimits limits;
    limits.tokens_per_minute_max = 1'000;
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
    budget.spend(3'000, kNow, kWall);
    const Admission refused = budget.begin(limits, kNow, kWall);
    EXPECT_EQ(refused.over, Over::kTokens);
    EXPECT_NEAR(static_cast<double>(refused.reset_ms), 120'060, 2);
    const auto reset = static_cast<std::int64_t>(refused.reset_ms);
    EXPECT_EQ(budget.begin(limits, kNow + reset - 1, kWall).over, Over::kTokens);
    EXPECT_EQ(budget.begin(limits, kNow + reset, kWall).over, Over::kNothing);
}

TEST(Budget, ADayEndsAtMidnight) {
    Budget budget;
    config::CallerLimits limits;
    limits.tokens_per_day_max = 500;
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
    budget.spend(500, kNow, kWall);
    const Admission refused = budget.begin(limits, kNow, kWall);
    EXPECT_EQ(refused.over, Over::kDay);
    EXPECT_EQ(refused.reset_ms, static_cast<std::uint64_t>(kDay - 3'600'000));
    EXPECT_EQ(budget.of_day(kWall).tokens, 500U);
    const std::int64_t tomorrow = kWall + kDay - 3'600'000;
    EXPECT_EQ(budget.of_day(tomorrow).tokens, 0U);
    EXPECT_EQ(budget.begin(limits, kNow, tomorrow).over, Over::kNothing);
    // A clock that is set back gives no second budget.
    budget.spend(500, kNow, tomorrow);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kDay);
}

TEST(Budget, ADaySurvivesARestart) {
    Budget budget;
    config::CallerLimits limits;
    limits.tokens_per_day_max = 500;
    budget.restore_day({499, 0}, kWall);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
    budget.spend(1, kNow, kWall);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kDay);
}

TEST(Budget, StreamsEnd) {
    Budget budget;
    config::CallerLimits limits;
    limits.streams_max = 2;
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kStreams);
    budget.end();
    EXPECT_EQ(budget.begin(limits, kNow, kWall).over, Over::kNothing);
}

TEST(Budget, LoopsTogetherGetWhatOneWould) {
    Budget budget;
    config::CallerLimits limits;
    limits.requests_per_minute_max = 1'000;
    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1'000; ++i) {
                if (budget.begin(limits, kNow, kWall).over != Over::kNothing) continue;
                ++passed;
                budget.end();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(passed.load(), 1'000);
}

TEST(Caller, MayAskForWhatItsKeyNames) {
    config::ClientKey key;
    key.name = "ada";
    EXPECT_TRUE(Caller(key).may_ask("anything"));
    key.models = {"fast", "m-*"};
    key.excluded_models = {"m-*-preview"};
    const Caller caller(key);
    EXPECT_TRUE(caller.may_ask("fast"));
    EXPECT_TRUE(caller.may_ask("m-4"));
    EXPECT_FALSE(caller.may_ask("m-4-preview"));
    EXPECT_FALSE(caller.may_ask("slow"));
}

TEST(Callers, KeepWhatWasUsedOverAReload) {
    config::ClientKey key;
    key.name = "ada";
    key.key = base::Secret("sk-1");
    const Callers before({key});
    before.find("sk-1").caller->budget->restore_day({7, 0}, kWall);
    key.key = base::Secret("sk-2");
    const Callers after({key}, &before);
    EXPECT_EQ(after.find("sk-1").caller, nullptr);
    EXPECT_EQ(after.find("sk-2").caller->budget->of_day(kWall).tokens, 7U);
    EXPECT_EQ(after.find_by_name("ada"), after.find("sk-2").caller);
    EXPECT_EQ(after.find_by_name("bob"), nullptr);
}

TEST(Budget, AttemptsAreEarnedByRequestsAndSavedUp) {
    Budget budget;
    config::FailoverLimits limits;
    limits.retry_percent = 50;
    limits.retries_saved = 3;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take_attempt(limits)) << i;
    EXPECT_FALSE(budget.take_attempt(limits));
    budget.earn_attempt(limits);
    EXPECT_FALSE(budget.take_attempt(limits)) << "half of one";
    budget.earn_attempt(limits);
    EXPECT_TRUE(budget.take_attempt(limits));
    for (int i = 0; i < 100; ++i) budget.earn_attempt(limits);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take_attempt(limits)) << i;
    EXPECT_FALSE(budget.take_attempt(limits)) << "no more than that is saved";
}

}  // namespace

}  // namespace parley::accounts
