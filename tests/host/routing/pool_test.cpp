// pool_test.cpp: affinity, ownership, probes and recovery, whatever the policy.
#include "routing/pool.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "routing_test.hpp"

namespace parley::routing {

namespace {

TEST(Affinity, AConversationStaysWhereItWas) {
    Yard yard;
    yard.add_many(8);
    yard.open("round-robin");
    for (std::uint64_t session = 1; session <= 100; ++session) {
        Picked first = yard.pick(session);
        const int home = yard.index(first);
        first.attempt.succeed(yard.now_ms);
        for (int turn = 0; turn < 5; ++turn) {
            yard.now_ms += 1'000;
            Picked next = yard.pick(session);
            EXPECT_EQ(yard.index(next), home);
            EXPECT_TRUE(next.is_affine);
            next.attempt.succeed(yard.now_ms);
        }
    }
}

TEST(Affinity, ANewConversationGoesWhereItsPrefixIsCached) {
    Yard yard;
    yard.add_many(8);
    yard.open("round-robin");
    Ask ask = yard.ask();
    ask.session = 1;
    ask.prefix = 99;
    const int home = yard.index(yard.pool().pick(ask));
    ask.session = 2;
    EXPECT_EQ(yard.index(yard.pool().pick(ask)), home);
    ask.session = 3;
    ask.prefix = 98;
    EXPECT_NE(yard.index(yard.pool().pick(ask)), home);
}

TEST(Affinity, MovesOnFailureAndStaysThere) {
    Yard yard;
    yard.add_many(4);
    yard.open("round-robin");
    Picked first = yard.pick(5);
    const int home = yard.index(first);
    first.attempt.fail({PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT, 20'000}, yard.now_ms, 0);
    Picked second = yard.pick(5);
    const int refuge = yard.index(second);
    EXPECT_NE(refuge, home);
    second.attempt.succeed(yard.now_ms);
    yard.now_ms += 5'000;
    EXPECT_EQ(yard.index(yard.pick(5)), refuge);
}

TEST(Affinity, IsForgottenAfterAWhile) {
    Yard yard;
    yard.add_many(50);
    yard.open("round-robin");
    const int home = yard.index(yard.pick(5));
    yard.now_ms += static_cast<std::int64_t>(yard.limits.affinity_ms) + 2'000;
    const Picked later = yard.pick(5);
    EXPECT_FALSE(later.is_affine);
    EXPECT_NE(yard.index(later), home);
}

TEST(Affinity, LeavesAHotAccountAndStarvesNobody) {
    Yard yard;
    yard.add_many(4);
    yard.open("least-busy");
    std::vector<Picked> under_way;
    // All conversations begin at one account.
    for (std::uint64_t session = 1; session <= 40; ++session) {
        Ask ask = yard.ask();
        ask.session = session;
        ask.owner = 1;
        yard.pool().pick(ask);
    }
    for (std::uint64_t session = 1; session <= 40; ++session) {
        under_way.push_back(yard.pick(session));
    }
    for (int i = 0; i < 4; ++i) {
        EXPECT_GE(yard.health(i).in_flight(), 4U) << i;
        EXPECT_LE(yard.health(i).in_flight(), 22U) << i;
    }
}

TEST(Affinity, LeavesAnAccountWhoseWindowIsNearlyUsedUp) {
    Yard yard;
    yard.add_many(3);
    yard.open("round-robin");
    const int home = yard.index(yard.pick(5));
    auto window = accounts::Window::named("tokens");
    window.limit = 1'000;
    window.remaining = 10;
    window.reset_ms = yard.now_ms + 60'000;
    yard.health(home).told(window, yard.now_ms);
    EXPECT_NE(yard.index(yard.pick(5)), home);
}

TEST(Affinity, KeepsNoMoreThanItsBytes) {
    Affinity affinity(1024, 1'000'000);
    for (std::uint64_t key = 1; key <= 10'000; ++key) {
        affinity.keep(key, static_cast<std::uint32_t>(key), 1'000 * static_cast<int>(key));
    }
    int kept = 0;
    for (std::uint64_t key = 1; key <= 10'000; ++key) {
        const std::uint32_t account = affinity.find(key, 10'000'000);
        if (account == 0) continue;
        EXPECT_EQ(account, key);
        ++kept;
    }
    EXPECT_EQ(kept, 1024 / 16);
    Affinity none(0, 1'000);
    none.keep(1, 1, 1);
    EXPECT_EQ(none.find(1, 1), 0U);
}

TEST(Owner, ServesOrNobodyDoes) {
    Yard yard;
    yard.add(9);
    yard.add(0);
    yard.open("round-robin");
    Ask ask = yard.ask();
    ask.owner = 2;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(yard.index(yard.pool().pick(ask)), 1);
    yard.cool(1, 30'000);
    Picked nobody = yard.pool().pick(ask);
    EXPECT_EQ(yard.index(nobody), -1);
    EXPECT_EQ(nobody.nobody.count[static_cast<std::size_t>(Reason::kNotOwner)], 1U);
    EXPECT_EQ(nobody.nobody.free_ms, yard.now_ms + 30'000);
    // Its probe is the owner's own request.
    yard.now_ms += 30'000;
    ask.now_ms = yard.now_ms;
    Picked probe = yard.pool().pick(ask);
    EXPECT_TRUE(probe.attempt.is_probe());
    EXPECT_EQ(yard.index(yard.pool().pick(ask)), -1);
    ask.owner = 77;
    EXPECT_EQ(yard.index(yard.pool().pick(ask)), -1);
}

TEST(Probe, AnAffineConversationIsNoGuineaPig) {
    Yard yard;
    yard.add_many(2);
    yard.open("round-robin");
    Picked first = yard.pick(5);
    const int home = yard.index(first);
    first.attempt.succeed(yard.now_ms);
    const int other = 1 - home;
    yard.cool(other, 1'000);
    for (int i = 0; i < 20; ++i) yard.pick(5).attempt.leave();
    yard.now_ms += 1'000;
    for (int i = 0; i < 20; ++i) EXPECT_EQ(yard.index(yard.pick(5)), home);
    // But somebody has to look at last.
    yard.now_ms += static_cast<std::int64_t>(yard.limits.probe_ms);
    EXPECT_EQ(yard.index(yard.pick(5)), other);
}

TEST(Probe, AProviderIsProbedByOneRequestForAllItsAccounts) {
    Yard yard;
    yard.add_many(3);
    yard.open("round-robin");
    yard.place().state->health.cool({yard.now_ms + 1'000, yard.now_ms + 1'000, PARLEY_E_TIMEOUT, 0},
                                    yard.now_ms);
    EXPECT_EQ(yard.index(yard.pick()), -1);
    yard.now_ms += 1'000;
    Picked probe = yard.pick();
    EXPECT_TRUE(probe.attempt.is_probe());
    EXPECT_EQ(yard.index(yard.pick()), -1);
    probe.attempt.content(yard.now_ms);
    EXPECT_GE(yard.index(yard.pick()), 0);
}

TEST(Pool, AModelThatFailsLeavesTheAccountToOthers) {
    Yard yard;
    yard.add_many(1);
    yard.open("round-robin");
    Picked picked = yard.pick();
    picked.attempt.fail({PARLEY_E_OVERLOADED, PARLEY_SCOPE_MODEL}, yard.now_ms, 0);
    EXPECT_EQ(yard.index(yard.pick()), -1);
    EXPECT_TRUE(yard.health(0).is_open());
    EXPECT_FALSE(yard.account(0).state->find("m")->health.is_open());
}

TEST(Pool, AnOperatorsClearIsSeenWithinASecond) {
    Yard yard;
    yard.add_many(100);
    yard.open("round-robin");
    for (int i = 0; i < 100; ++i) yard.cool(i, 3'600'000);
    EXPECT_EQ(yard.index(yard.pick()), -1);
    yard.book().clear("p/42");
    yard.now_ms += 1'000;
    EXPECT_EQ(yard.index(yard.pick()), 41);
}

TEST(Pool, ExplainsEveryCandidate) {
    Yard yard;
    yard.add_many(3);
    yard.open("round-robin");
    yard.cool(1, 30'000, PARLEY_E_FORBIDDEN);
    std::vector<Reason> reasons;
    std::int64_t free_ms = 0;
    yard.pool().explain(yard.ask(), [&](const Candidate&, const Standing& standing) {
        reasons.push_back(standing.reason);
        if (standing.reason == Reason::kCooling) {
            EXPECT_EQ(standing.error_class, PARLEY_E_FORBIDDEN);
            EXPECT_EQ(standing.guilty, kAccountHealth);
            free_ms = standing.free_ms;
        }
    });
    EXPECT_EQ(reasons, (std::vector{Reason::kUsable, Reason::kCooling, Reason::kUsable}));
    EXPECT_EQ(free_ms, yard.now_ms + 30'000);
}

// Threads pick, fail and succeed at once: the counts come out even, and a cooling account is never
// tried by two at a time.
TEST(Pool, IsSafeForManyLoops) {
    Yard yard;
    yard.limits.wait_ms = 1;
    yard.limits.wait_max_ms = 2;
    yard.limits.jitter_percent = 0;
    yard.add_many(200);
    Pool& pool = yard.open("round-robin");
    std::atomic<std::int64_t> now{yard.now_ms};
    const auto work = [&](std::uint64_t seed) {
        for (int i = 0; i < 5'000; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            Ask ask;
            ask.now_ms = now.fetch_add(1);
            ask.random = seed;
            ask.session = i % 2 == 0 ? seed >> 56 : 0;  // the others go round
            Picked picked = pool.pick(ask);
            if (picked.candidate == nullptr) continue;
            if ((seed >> 40) % 4 == 0) {
                picked.attempt.fail({PARLEY_E_OVERLOADED, PARLEY_SCOPE_ACCOUNT}, ask.now_ms, seed);
            } else {
                picked.attempt.succeed(ask.now_ms);
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < 4; ++i) threads.emplace_back(work, i + 1);
    for (std::thread& thread : threads) thread.join();
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(yard.health(i).in_flight(), 0U);
        EXPECT_FALSE(yard.health(i).is_probed());
        EXPECT_GT(yard.health(i).attempts(), 0U);
    }
}

}  // namespace

}  // namespace parley::routing
