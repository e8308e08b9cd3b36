// health_test.cpp: averages that forget, cool-downs with one probe, windows.
#include "accounts/health.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "parley/provider.h"

namespace parley::accounts {

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kStart = 1'000'000;

TEST(Health, IsPerfectBeforeTheFirstAttempt) {
    const Health health;
    EXPECT_EQ(health.success_per_mille(kStart), 1000U);
    EXPECT_EQ(health.content_ms(kStart), 0);
    EXPECT_EQ(health.ended_ms(), 0);
    EXPECT_TRUE(health.is_open());
    EXPECT_EQ(health.last_error().error_class, 0);
    EXPECT_EQ(health.headroom(kStart), Health::kUntold);
}

TEST(Health, ForgetsHalfOfTheOutcomesInAMinute) {
    Health health;
    for (int i = 0; i < 10; ++i) health.count_failure(kStart, PARLEY_E_TIMEOUT, "slow");
    EXPECT_EQ(health.success_per_mille(kStart), 0U);
    for (int i = 0; i < 10; ++i) health.count_success(kStart + kMinute);
    // 5 failures are left beside 10 successes.
    EXPECT_NEAR(health.success_per_mille(kStart + kMinute), 667, 5);
}

TEST(Health, CountsMoreOutcomesThanAWordHolds) {
    Health health;
    for (int i = 0; i < 30'000; ++i) {
        health.count_success(kStart);
        if (i % 3 == 0) health.count_failure(kStart, PARLEY_E_TIMEOUT, "slow");
    }
    EXPECT_NEAR(health.success_per_mille(kStart), 750, 10);
}

TEST(Health, FollowsPeaksAtOnceAndForgetsThem) {
    Health health;
    health.content(kStart, 100);
    EXPECT_NEAR(health.content_ms(kStart), 100, 1);
    health.content(kStart + 10, 2'000);
    EXPECT_NEAR(health.content_ms(kStart + 10), 2'000, 1);
    health.content(kStart + 20, 100);
    EXPECT_GT(health.content_ms(kStart + 20), 1'900);
    EXPECT_NEAR(health.content_ms(kStart + 20 + kMinute), 1'000, 20);
    health.content(kStart + 20 + 10 * kMinute, 100);
    EXPECT_NEAR(health.content_ms(kStart + 20 + 10 * kMinute), 100, 5);
}

TEST(Health, KeepsTheLastError) {
    Health health;
    EXPECT_EQ(health.count_failure(kStart, PARLEY_E_RATE_LIMITED, "too many requests"), 1U);
    EXPECT_EQ(health.count_failure(kStart + 5, PARLEY_E_TIMEOUT, "no head in 10s"), 2U);
    const LastError error = health.last_error();
    EXPECT_EQ(error.error_class, PARLEY_E_TIMEOUT);
    EXPECT_EQ(error.at_ms, kStart + 5);
    EXPECT_EQ(error.text, "no head in 10s");
    health.count_success(kStart + 6);
    EXPECT_EQ(health.count_failure(kStart + 7, PARLEY_E_TIMEOUT, ""), 1U);
}

TEST(Health, LetsOneProbeThroughWhenTheCoolDownIsOver) {
    Health health;
    health.cool({kStart + 1000, kStart + 1000, PARLEY_E_OVERLOADED, 0}, kStart);
    EXPECT_FALSE(health.is_open());
    EXPECT_EQ(health.next_ms(), kStart + 1000);
    EXPECT_FALSE(health.take_probe(kStart + 999));
    EXPECT_TRUE(health.take_probe(kStart + 1000));
    EXPECT_FALSE(health.take_probe(kStart + 1000));
    EXPECT_FALSE(health.take_probe(kStart + 100'000));
    health.give_probe_back();
    EXPECT_TRUE(health.take_probe(kStart + 1000));
    health.clear();
    health.give_probe_back();
    EXPECT_TRUE(health.is_open());
}

TEST(Health, ALongCoolDownIsProbedBeforeItsEnd) {
    Health health;
    health.cool({kStart + 60 * kMinute, kStart + kMinute, PARLEY_E_FORBIDDEN, 0}, kStart);
    EXPECT_FALSE(health.take_probe(kStart + kMinute - 1));
    EXPECT_TRUE(health.take_probe(kStart + kMinute));
}

TEST(Health, OneOfManyThreadsGetsTheProbe) {
    constexpr int kRounds = 200;
    Health health;
    health.cool({kStart, kStart, PARLEY_E_OVERLOADED, 0}, kStart - 1);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<int> taken{0};
    const auto race = [&] {
        while (taken.load() < kRounds) {
            if (!health.take_probe(kStart)) continue;
            const int now = inside.fetch_add(1) + 1;
            if (now > most.load()) most.store(now);
            taken.fetch_add(1);
            inside.fetch_sub(1);
            health.give_probe_back();
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(race);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(most.load(), 1);
}

Window window(std::string_view name, std::uint64_t remaining, std::int64_t reset_ms) {
    Window made = Window::named(name);
    made.limit = 100;
    made.remaining = remaining;
    made.reset_ms = reset_ms;
    made.length_ms = static_cast<std::uint64_t>(60 * kMinute);
    return made;
}

TEST(Health, HeadroomComparesWhatIsLeftWithTheTimeThatIsLeft) {
    Health health;
    health.told(window("tokens-1h", 50, kStart + 30 * kMinute), kStart);
    EXPECT_NEAR(health.headroom(kStart), 1.0, 0.01);
    EXPECT_NEAR(health.share_left(kStart), 0.5, 0.01);
    // The same is left for half of the time.
    EXPECT_NEAR(health.headroom(kStart + 15 * kMinute), 2.0, 0.01);
    // Another window that is nearly used up decides.
    health.told(window("requests-1h", 1, kStart + 60 * kMinute), kStart);
    EXPECT_NEAR(health.headroom(kStart), 0.01, 0.001);
    EXPECT_NEAR(health.share_left(kStart), 0.01, 0.001);
    // After the reset it is full.
    EXPECT_NEAR(health.headroom(kStart + 61 * kMinute), 1.0, 0.01);
    EXPECT_EQ(health.windows().size(), 2U);
}

TEST(Health, LearnsTheLengthOfAWindowFromItsResets) {
    Health health;
    Window told = window("requests", 100, kStart + 60 * kMinute);
    told.length_ms = 0;
    health.told(told, kStart);
    told.remaining = 50;
    health.told(told, kStart + 30 * kMinute);
    EXPECT_NEAR(health.headroom(kStart + 30 * kMinute), 1.0, 0.01);
}

TEST(Health, WhatRefillsHasMoreRoomFromMomentToMoment) {
    Health health;
    Window told = window("tokens", 20, kStart + kMinute);
    told.refills = true;
    health.told(told, kStart);
    EXPECT_NEAR(health.headroom(kStart), 0.2, 0.01);
    EXPECT_NEAR(health.headroom(kStart + kMinute / 2), 0.6, 0.01);
    EXPECT_NEAR(health.share_left(kStart + kMinute / 2), 0.6, 0.01);
    EXPECT_NEAR(health.headroom(kStart + 2 * kMinute), 1.0, 0.01);
}

TEST(Health, TheLeastOfTheTokensIsTheQuota) {
    Health health;
    EXPECT_EQ(health.tokens_left(kStart).left, -1);
    const auto tell = [&](std::string_view name, unsigned kind, std::uint64_t remaining) {
        Window told = window(name, remaining, kStart + kMinute);
        told.kind = kind;
        health.told(told, kStart);
    };
    tell("requests", PARLEY_WINDOW_REQUESTS, 1);
    EXPECT_EQ(health.tokens_left(kStart).left, -1);
    tell("input-tokens", PARLEY_WINDOW_INPUT_TOKENS, 40);
    tell("output-tokens", PARLEY_WINDOW_OUTPUT_TOKENS, 30);
    EXPECT_EQ(health.tokens_left(kStart).left, 30);
    EXPECT_EQ(health.tokens_left(kStart).reset_ms, static_cast<std::uint64_t>(kMinute));
}

TEST(Health, KeepsABoundedNumberOfWindows) {
    Health health;
    for (int i = 0; i < 20; ++i) {
        health.told(window("w" + std::to_string(i), 50, kStart + kMinute), kStart);
    }
    EXPECT_EQ(health.windows().size(), Health::kWindowsMax);
}

TEST(Health, IsSmall) {
    EXPECT_LE(sizeof(Health), 80U);
}

}  // namespace

}  // namespace parley::accounts
