// policy_test.cpp: what each policy promises.
#include "routing/policy.hpp"

#include <gtest/gtest.h>

#include "routing_test.hpp"

namespace parley::routing {

namespace {

class EachPolicy : public testing::TestWithParam<std::string> {};

TEST_P(EachPolicy, PicksTheOnlyOne) {
    Yard yard;
    yard.add();
    yard.open(GetParam());
    EXPECT_EQ(yard.count(100), (std::map<int, int>{{0, 100}}));
}

TEST_P(EachPolicy, NeverPicksWhoIsCoolingOrFullOrTried) {
    Yard yard;
    yard.add_many(5);
    yard.account(2).in_flight_max = 1;
    yard.open(GetParam());
    yard.cool(0, 30'000);
    yard.health(2).begin();
    const std::uint64_t tried = yard.pool().tiers().front()->number(3);
    for (int i = 0; i < 200; ++i) {
        Ask ask = yard.ask();
        ask.tried = {&tried, 1};
        ask.attempt = 2;
        Picked picked = yard.pool().pick(ask);
        const int index = yard.index(picked);
        EXPECT_TRUE(index == 1 || index == 4) << index;
        picked.attempt.succeed(yard.now_ms);
    }
}

TEST_P(EachPolicy, GoesDownATierOnlyWhenTheOneAboveHasNobody) {
    Yard yard;
    yard.add(1);
    yard.add(5);
    yard.add(5);
    yard.add(0);
    yard.open(GetParam());
    for (const auto& [index, count] : yard.count(100)) EXPECT_TRUE(index == 1 || index == 2);
    yard.cool(1, 30'000);
    EXPECT_EQ(yard.count(50), (std::map<int, int>{{2, 50}}));
    yard.cool(2, 30'000);
    EXPECT_EQ(yard.count(50), (std::map<int, int>{{0, 50}}));
    yard.cool(0, 30'000);
    EXPECT_EQ(yard.count(50), (std::map<int, int>{{3, 50}}));
    yard.now_ms += 30'000;
    for (const auto& [index, count] : yard.count(100)) EXPECT_TRUE(index == 1 || index == 2);
}

TEST_P(EachPolicy, SaysWhoIsFreeFirstWhenNobodyIs) {
    Yard yard;
    yard.add_many(3);
    yard.open(GetParam());
    yard.cool(0, 50'000);
    yard.cool(1, 20'000, PARLEY_E_QUOTA_EXHAUSTED);
    yard.cool(2, 40'000);
    const Picked picked = yard.pick();
    EXPECT_EQ(picked.candidate, nullptr);
    EXPECT_EQ(picked.nobody.free_ms, yard.now_ms + 20'000);
    EXPECT_EQ(picked.nobody.error_class, PARLEY_E_QUOTA_EXHAUSTED);
    EXPECT_EQ(picked.nobody.soonest->account, &yard.account(1));
    EXPECT_EQ(picked.nobody.count[static_cast<std::size_t>(Reason::kCooling)], 3U);
}

// One of many comes back: one request at a time looks whether it has recovered, and from the first
// content on it is one of them again.
TEST_P(EachPolicy, ProbesOneAtATime) {
    Yard yard;
    yard.add_many(3);
    yard.open(GetParam());
    yard.cool(1, 10'000);
    EXPECT_EQ(yard.count(50).count(1), 0U);
    yard.now_ms += 10'000;
    Picked probe = yard.pick();
    ASSERT_EQ(yard.index(probe), 1);
    EXPECT_TRUE(probe.attempt.is_probe());
    for (int i = 0; i < 50; ++i) {
        yard.now_ms += 20;
        Picked other = yard.pick();
        EXPECT_NE(yard.index(other), 1);
        other.attempt.succeed(yard.now_ms);
    }
    probe.attempt.fail({PARLEY_E_OVERLOADED, PARLEY_SCOPE_ACCOUNT}, yard.now_ms, 0);
    EXPECT_EQ(yard.count(50).count(1), 0U);
    yard.now_ms += 2'000;
    Picked second = yard.pick();
    ASSERT_EQ(yard.index(second), 1);
    second.attempt.content(yard.now_ms);
    second.attempt.succeed(yard.now_ms);
    EXPECT_TRUE(yard.health(1).is_open());
}

TEST_P(EachPolicy, FindsARecoveredAccountWithinOneProbeInterval) {
    Yard yard;
    yard.add_many(3);
    yard.open(GetParam());
    yard.cool(1, 18 * 86'400'000LL);
    const std::int64_t start = yard.now_ms;
    while (yard.index(yard.pick()) != 1) yard.now_ms += 500;
    EXPECT_LE(yard.now_ms - start, static_cast<std::int64_t>(yard.limits.probe_ms) + 1'000);
}

TEST_P(EachPolicy, SameStateAndSameAskGiveTheSameAnswer) {
    std::vector<int> runs[2];
    for (auto& run : runs) {
        Yard yard;
        for (std::uint32_t i = 0; i < 20; ++i) yard.add(0, 1 + i % 3);
        yard.open(GetParam());
        for (int i = 0; i < 200; ++i) run.push_back(yard.index(yard.pick()));
    }
    EXPECT_EQ(runs[0], runs[1]);
}

TEST_P(EachPolicy, ManyAccountsOfWhichFewAreUsable) {
    Yard yard;
    yard.add_many(1'000);
    yard.open(GetParam());
    for (int i = 0; i < 1'000; ++i) {
        if (i % 100 != 7) yard.cool(i, 3'600'000);
    }
    const std::map<int, int> counts = yard.count(1'000);
    for (const auto& [index, count] : counts) EXPECT_EQ(index % 100, 7);
    if (GetParam() == "fill-first") return;
    EXPECT_EQ(counts.size(), 10U);
}

INSTANTIATE_TEST_SUITE_P(All, EachPolicy, testing::ValuesIn(policy_names()), [](const auto& made) {
    std::string name = made.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(RoundRobin, IsFairAlsoBehindGaps) {
    Yard yard;
    yard.add_many(10);
    yard.open("round-robin");
    for (const auto& [index, count] : yard.count(1'000)) EXPECT_EQ(count, 100) << index;
    for (const int i : {2, 3, 4}) yard.cool(i, 3'600'000);
    const std::map<int, int> counts = yard.count(700);
    EXPECT_EQ(counts.size(), 7U);
    for (const auto& [index, count] : counts) EXPECT_EQ(count, 100) << index;
}

TEST(Weighted, KeepsWeightsWithinOnePercent) {
    const std::vector<std::vector<std::uint32_t>> cases{
        {5, 1, 1}, {1, 1, 1, 1}, {100, 50, 25, 1}, {3, 7, 11, 13, 17, 19}, {1'000'000, 500'000}};
    for (const auto& weights : cases) {
        Yard yard;
        double sum = 0;
        for (const std::uint32_t weight : weights) {
            yard.add(0, weight);
            sum += weight;
        }
        yard.open("weighted");
        const std::map<int, int> counts = yard.count(10'000);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const auto found = counts.find(static_cast<int>(i));
            const int count = found == counts.end() ? 0 : found->second;
            EXPECT_NEAR(count, 10'000.0 * weights[i] / sum, 100) << i;
        }
    }
}

TEST(Weighted, KeepsWeightsAmongThoseThatAreLeft) {
    Yard yard;
    for (const std::uint32_t weight : {60U, 3U, 2U, 1U, 30U}) yard.add(0, weight);
    yard.open("weighted");
    yard.cool(0, 86'400'000);
    yard.cool(4, 86'400'000);
    std::map<int, int> counts;
    for (int i = 0; i < 6'000; ++i) ++counts[yard.index(yard.pick())];
    EXPECT_NEAR(counts[1], 3'000, 60);
    EXPECT_NEAR(counts[2], 2'000, 60);
    EXPECT_NEAR(counts[3], 1'000, 60);
}

TEST(Weighted, IsSmooth) {
    Yard yard;
    for (const std::uint32_t weight : {5U, 1U, 1U}) yard.add(0, weight);
    yard.open("weighted");
    int run = 0;
    int longest = 0;
    for (int i = 0; i < 1'000; ++i) {
        run = yard.index(yard.pick()) == 0 ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    EXPECT_LE(longest, 4);
}

TEST(FillFirst, StaysWithTheFirstThatIsUsable) {
    Yard yard;
    yard.add_many(4);
    yard.open("fill-first");
    EXPECT_EQ(yard.count(20), (std::map<int, int>{{0, 20}}));
    yard.cool(0, 10'000);
    EXPECT_EQ(yard.count(20), (std::map<int, int>{{1, 20}}));
    yard.now_ms += 10'000;
    EXPECT_EQ(yard.count(1), (std::map<int, int>{{0, 1}}));
    // Within the tenth of a second after which it is looked at again.
    yard.now_ms += 100;
    yard.pick();
    EXPECT_EQ(yard.count(20), (std::map<int, int>{{0, 20}}));
}

TEST(LeastBusy, PicksTheLeastBusyForItsWeight) {
    Yard yard;
    yard.add(0, 1);
    yard.add(0, 4);
    yard.open("least-busy");
    std::vector<Picked> under_way;
    std::map<int, int> counts;
    for (int i = 0; i < 500; ++i) {
        under_way.push_back(yard.pick());
        ++counts[yard.index(under_way.back())];
    }
    EXPECT_NEAR(counts[0], 100, 5);
    EXPECT_NEAR(counts[1], 400, 5);
}

TEST(LeastBusy, SpreadsOverManyAccounts) {
    Yard yard;
    yard.add_many(500);
    yard.open("least-busy");
    std::vector<Picked> under_way;
    for (int i = 0; i < 1'000; ++i) under_way.push_back(yard.pick());
    std::uint32_t most = 0;
    for (int i = 0; i < 500; ++i) most = std::max(most, yard.health(i).in_flight());
    EXPECT_LE(most, 4U);
}

TEST(Latency, PrefersTheQuickAndTriesTheSlowAgain) {
    Yard yard;
    yard.add_many(2);
    yard.open("latency");
    std::map<int, int> counts;
    int late = 0;
    for (int i = 0; i < 4'000; ++i) {
        Picked picked = yard.pick();
        const int index = yard.index(picked);
        ++counts[index];
        // The second is slow for the first half.
        const bool is_slow = index == 1 && i < 2'000;
        if (i >= 3'000 && index == 1) ++late;
        yard.now_ms += is_slow ? 3'000 : 100;
        picked.attempt.content(yard.now_ms);
        picked.attempt.succeed(yard.now_ms);
    }
    EXPECT_GT(counts[0], 2'500);
    EXPECT_GT(late, 300);
}

TEST(Latency, AvoidsTheBusy) {
    Yard yard;
    yard.add_many(2);
    yard.open("latency");
    for (const int i : {0, 1}) yard.health(i).content(yard.now_ms, 200);
    for (int i = 0; i < 5; ++i) yard.health(0).begin();
    EXPECT_EQ(yard.count(50), (std::map<int, int>{{1, 50}}));
}

accounts::Window window(std::uint64_t remaining, std::int64_t reset_ms) {
    auto made = accounts::Window::named("tokens");
    made.limit = 100;
    made.remaining = remaining;
    made.reset_ms = reset_ms;
    made.length_ms = 5 * 3'600'000;
    return made;
}

TEST(Headroom, PrefersWhatWouldBeWasted) {
    Yard yard;
    yard.add_many(2);
    yard.open("headroom");
    // 48 % for four hours, or 40 % for one.
    yard.health(0).told(window(48, yard.now_ms + 4 * 3'600'000), yard.now_ms);
    yard.health(1).told(window(40, yard.now_ms + 3'600'000), yard.now_ms);
    EXPECT_EQ(yard.count(50), (std::map<int, int>{{1, 50}}));
    yard.health(1).told(window(2, yard.now_ms + 3'600'000), yard.now_ms);
    EXPECT_EQ(yard.count(50), (std::map<int, int>{{0, 50}}));
}

TEST(Headroom, SpreadsWhatIsUnderWay) {
    Yard yard;
    yard.add_many(4);
    yard.open("headroom");
    std::vector<Picked> under_way;
    for (int i = 0; i < 40; ++i) under_way.push_back(yard.pick());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(yard.health(i).in_flight(), 10U);
}

}  // namespace

}  // namespace parley::routing
