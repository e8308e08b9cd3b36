// attempt_test.cpp: what verdicts do to whom, and for how long.
#include "routing/attempt.hpp"

#include <gtest/gtest.h>

#include "accounts/state.hpp"

namespace parley::routing {

namespace {

using accounts::Health;

constexpr std::int64_t kNow = 1'000'000;

struct Bench {
    config::RoutingLimits limits;
    Health provider;
    Health account;
    Health model;

    Attempt begin(std::int64_t now_ms, unsigned probes = 0) {
        return {{&provider, &account, &model}, probes, now_ms, limits};
    }

    std::uint64_t fail(const Fault& fault, std::int64_t now_ms = kNow) {
        return begin(now_ms).fail(fault, now_ms, 0);
    }
};

Fault fault(int error_class, unsigned scope = 0, std::uint64_t retry_after_ms = 0) {
    return {error_class, scope, retry_after_ms, 0, "words"};
}

TEST(Rules, FaultsOfTheRequestPenaliseNobody) {
    for (const int error_class : {PARLEY_E_INVALID_ARGUMENT,
                                  PARLEY_E_UNSUPPORTED,
                                  PARLEY_E_NOT_FOUND,
                                  PARLEY_E_CONTEXT_TOO_LONG,
                                  PARLEY_E_CONTENT_BLOCKED,
                                  PARLEY_E_TOO_LARGE,
                                  PARLEY_E_CANCELLED,
                                  PARLEY_E_CONFLICT,
                                  PARLEY_E_PRECONDITION}) {
        Bench bench;
        for (int i = 0; i < 10; ++i) EXPECT_EQ(bench.fail(fault(error_class)), 0U) << error_class;
        EXPECT_TRUE(bench.account.is_open() && bench.model.is_open() && bench.provider.is_open());
        EXPECT_EQ(bench.account.success_per_mille(kNow), 1000U);
    }
    // Whatever a plugin says of the scope.
    Bench bench;
    EXPECT_EQ(bench.fail(fault(PARLEY_E_CONTEXT_TOO_LONG, PARLEY_SCOPE_ACCOUNT, 5'000)), 0U);
    EXPECT_EQ(bench.fail(fault(PARLEY_E_OVERLOADED, PARLEY_SCOPE_REQUEST, 5'000)), 0U);
}

TEST(Rules, TheScopeSaysWhoIsLeftAlone) {
    Bench bench;
    bench.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_MODEL));
    EXPECT_TRUE(bench.account.is_open());
    EXPECT_FALSE(bench.model.is_open());
    bench.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT));
    EXPECT_FALSE(bench.account.is_open());
    EXPECT_TRUE(bench.provider.is_open());
    bench.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_PROVIDER));
    EXPECT_FALSE(bench.provider.is_open());
}

TEST(Rules, ToldWaitsAreClamped) {
    const auto told = [](std::uint64_t ms) {
        Bench bench;
        return bench.fail(fault(PARLEY_E_RATE_LIMITED, 0, ms));
    };
    const config::RoutingLimits limits;
    EXPECT_EQ(told(2'000), 2'000U);
    EXPECT_EQ(told(1), limits.told_min_ms);
    EXPECT_EQ(told(1'000'000'000'000'000), limits.told_max_ms);
    EXPECT_EQ(told(UINT64_MAX), limits.told_max_ms);
    Bench bench;
    Fault both = fault(PARLEY_E_RATE_LIMITED, 0, 2'000);
    both.cool_down_ms = 9'000;
    EXPECT_EQ(bench.fail(both), 9'000U);
}

accounts::Window used_up(std::int64_t reset_ms, bool refills) {
    accounts::Window window = accounts::Window::named("7d");
    window.limit = 100;
    window.reset_ms = reset_ms;
    window.refills = refills;
    return window;
}

TEST(Rules, AWindowThatIsUsedUpSaysHowLongALimitLasts) {
    const auto wait = [](int error_class, bool refills, std::uint64_t retry_after_ms = 0) {
        Bench bench;
        Attempt attempt = bench.begin(kNow);
        attempt.told(used_up(kNow + 300'000, refills), true, kNow);
        return attempt.fail(fault(error_class, 0, retry_after_ms), kNow, 0);
    };
    EXPECT_EQ(wait(PARLEY_E_RATE_LIMITED, false), 300'000U);
    EXPECT_EQ(wait(PARLEY_E_RATE_LIMITED, false, 5'000), 5'000U) << "it was told";
    EXPECT_EQ(wait(PARLEY_E_RATE_LIMITED, true), 1'000U) << "there is room soon";
    EXPECT_EQ(wait(PARLEY_E_UNAUTHENTICATED, false), config::RoutingLimits().refused_ms);
}

TEST(Attempts, TellWindowsToWhomTheyBelong) {
    Bench bench;
    Attempt attempt = bench.begin(kNow);
    attempt.told(used_up(kNow + 1'000, false), true, kNow);
    EXPECT_EQ(bench.account.windows().size(), 1U);
    EXPECT_TRUE(bench.model.windows().empty());
    attempt.told(used_up(kNow + 1'000, false), false, kNow);
    EXPECT_EQ(bench.model.windows().size(), 1U);
    attempt.leave();
    attempt.told(accounts::Window::named("late"), true, kNow);
    EXPECT_EQ(bench.account.windows().size(), 1U);
}

TEST(Rules, UntoldWaitsAreShortDoubleAndHaveACeiling) {
    Bench bench;
    std::int64_t now = kNow;
    std::vector<std::uint64_t> waits;
    for (int i = 0; i < 9; ++i) {
        const std::uint64_t ms = bench.fail(fault(PARLEY_E_OVERLOADED), now);
        waits.push_back(ms);
        now += static_cast<std::int64_t>(ms) + 1;
    }
    const std::vector<std::uint64_t> expected{
        1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000, 60'000};
    EXPECT_EQ(waits, expected);
}

TEST(Rules, JitterIsBounded) {
    const config::RoutingLimits limits;
    const Fault overloaded = fault(PARLEY_E_OVERLOADED);
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    std::uint64_t random = 7;
    for (int i = 0; i < 1000; ++i) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const auto down = cool_down_of(overloaded, 0, kNow, random >> 11, limits);
        least = std::min(least, down.until_ms - kNow);
        most = std::max(most, down.until_ms - kNow);
    }
    EXPECT_GE(least, 1'000);
    EXPECT_LT(least, 1'010);
    EXPECT_LE(most, 1'250);
    EXPECT_GT(most, 1'240);
}

TEST(Rules, RefusalsAreLongButProbed) {
    for (const int error_class :
         {PARLEY_E_UNAUTHENTICATED, PARLEY_E_PAYMENT_REQUIRED, PARLEY_E_FORBIDDEN}) {
        Bench bench;
        EXPECT_EQ(bench.fail(fault(error_class, PARLEY_SCOPE_ACCOUNT)), bench.limits.refused_ms);
        const auto probe = static_cast<std::int64_t>(bench.limits.probe_ms);
        EXPECT_EQ(bench.account.next_ms(), kNow + probe);
    }
}

TEST(Rules, AModelThatIsNotThereIsLeftAloneAtThatAccount) {
    Bench bench;
    EXPECT_EQ(bench.fail(fault(PARLEY_E_NOT_FOUND, PARLEY_SCOPE_MODEL)), bench.limits.refused_ms);
    EXPECT_TRUE(bench.account.is_open());
    EXPECT_FALSE(bench.model.is_open());
}

TEST(Rules, OneServerFaultIsNoReasonTwoInARowAre) {
    Bench bench;
    EXPECT_EQ(bench.fail(fault(PARLEY_E_UPSTREAM_FAILED, PARLEY_SCOPE_ACCOUNT)), 0U);
    bench.begin(kNow).succeed(kNow);
    EXPECT_EQ(bench.fail(fault(PARLEY_E_UPSTREAM_FAILED, PARLEY_SCOPE_ACCOUNT)), 0U);
    EXPECT_TRUE(bench.account.is_open());
    EXPECT_EQ(bench.fail(fault(PARLEY_E_TIMEOUT, PARLEY_SCOPE_ACCOUNT)), 1'000U);
    EXPECT_FALSE(bench.account.is_open());
}

TEST(Rules, AProviderIsLeftAloneAfterMoreOfThem) {
    Bench bench;
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(bench.fail(fault(PARLEY_E_TIMEOUT, PARLEY_SCOPE_ENDPOINT)), 0U);
    }
    EXPECT_EQ(bench.fail(fault(PARLEY_E_TIMEOUT, PARLEY_SCOPE_ENDPOINT)), 1'000U);
    EXPECT_FALSE(bench.provider.is_open());
}

TEST(Rules, FailuresOfAccountsSayNothingOfTheirProvider) {
    Bench bench;
    for (int i = 0; i < 20; ++i) bench.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(bench.fail(fault(PARLEY_E_TIMEOUT, PARLEY_SCOPE_PROVIDER)), 0U);
    EXPECT_TRUE(bench.provider.is_open());
}

TEST(Attempt, WhatFailsTogetherCountsOnce) {
    Bench bench;
    std::vector<Attempt> under_way;
    for (int i = 0; i < 200; ++i) under_way.push_back(bench.begin(kNow));
    EXPECT_EQ(bench.account.in_flight(), 200U);
    for (Attempt& attempt : under_way) {
        attempt.fail(fault(PARLEY_E_OVERLOADED), kNow + 100, 0);
    }
    EXPECT_EQ(bench.model.cool_down().level, 0U);
    EXPECT_EQ(bench.model.cool_down().until_ms, kNow + 1'100);
    EXPECT_EQ(bench.account.in_flight(), 0U);
}

TEST(Attempt, ALaterHintOfTheSameIncidentProlongsIt) {
    Bench bench;
    Attempt first = bench.begin(kNow);
    Attempt second = bench.begin(kNow);
    first.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT), kNow + 10, 0);
    second.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT, 30'000), kNow + 20, 0);
    EXPECT_EQ(bench.account.cool_down().until_ms, kNow + 30'020);
    EXPECT_EQ(bench.account.cool_down().level, 0U);
}

TEST(Attempt, SuccessOfAnOlderAttemptEndsNoCoolDown) {
    Bench bench;
    Attempt older = bench.begin(kNow);
    bench.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT, 30'000), kNow + 10);
    older.content(kNow + 20);
    older.succeed(kNow + 30);
    EXPECT_FALSE(bench.account.is_open());
}

TEST(Attempt, TheProbesFirstContentEndsTheCoolDown) {
    Bench bench;
    bench.fail(fault(PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT, 1'000));
    ASSERT_TRUE(bench.account.take_probe(kNow + 1'000));
    Attempt probe = bench.begin(kNow + 1'000, 1U << kAccountHealth);
    EXPECT_TRUE(probe.is_probe());
    probe.content(kNow + 1'200);
    EXPECT_TRUE(bench.account.is_open());
    EXPECT_FALSE(bench.account.is_probed());
    // What follows is judged as ever.
    probe.fail(fault(PARLEY_E_OVERLOADED, PARLEY_SCOPE_ACCOUNT), kNow + 1'300, 0);
    EXPECT_EQ(bench.account.cool_down().level, 0U);
}

TEST(Attempt, AFailedProbeWaitsLonger) {
    Bench bench;
    bench.fail(fault(PARLEY_E_OVERLOADED, PARLEY_SCOPE_ACCOUNT));
    ASSERT_TRUE(bench.account.take_probe(kNow + 1'000));
    Attempt probe = bench.begin(kNow + 1'000, 1U << kAccountHealth);
    EXPECT_EQ(probe.fail(fault(PARLEY_E_UPSTREAM_FAILED, PARLEY_SCOPE_ACCOUNT), kNow + 1'100, 0),
              2'000U);
    EXPECT_FALSE(bench.account.is_probed());
}

TEST(Attempt, AProbeThatSaysNothingGivesItsRightBack) {
    Bench bench;
    bench.fail(fault(PARLEY_E_OVERLOADED, PARLEY_SCOPE_ACCOUNT));
    {
        ASSERT_TRUE(bench.account.take_probe(kNow + 1'000));
        const Attempt left = bench.begin(kNow + 1'000, 1U << kAccountHealth);
    }
    EXPECT_FALSE(bench.account.is_open());
    ASSERT_TRUE(bench.account.take_probe(kNow + 1'000));
    Attempt invalid = bench.begin(kNow + 1'000, 1U << kAccountHealth);
    invalid.fail(fault(PARLEY_E_INVALID_ARGUMENT), kNow + 1'010, 0);
    EXPECT_FALSE(bench.account.is_open());
    EXPECT_FALSE(bench.account.is_probed());
    EXPECT_EQ(bench.account.in_flight(), 0U);
}

TEST(Attempt, MovesWithoutEndingTwice) {
    Bench bench;
    Attempt first = bench.begin(kNow);
    Attempt second = std::move(first);
    EXPECT_FALSE(first.is_under_way());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(bench.account.in_flight(), 1U);
    second = bench.begin(kNow);
    EXPECT_EQ(bench.account.in_flight(), 1U);
    second.leave();
    second.leave();
    EXPECT_EQ(bench.account.in_flight(), 0U);
    EXPECT_EQ(bench.account.attempts(), 2U);
}

}  // namespace

}  // namespace parley::routing
