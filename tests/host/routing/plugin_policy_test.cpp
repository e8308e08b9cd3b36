// plugin_policy_test.cpp: a policy of a plugin picks, hears, and costs nothing when it fails.
#include "routing/plugin_policy.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "parley/sdk/policy.hpp"
#include "plugins/catalogue.hpp"
#include "routing_test.hpp"

namespace parley::routing {

namespace {

std::shared_ptr<const plugins::Policy> cautious() {
    const plugins::Catalogue all = plugins::Catalogue::scan({PARLEY_PLUGIN_FOLDER}, {});
    const auto found = all.find(PARLEY_KIND_POLICY, "cautious");
    if (!found) return nullptr;
    plugins::Instance::Faults faults;
    return std::make_shared<plugins::Policy>(
        plugins::Instance::make(found.library,
                                std::make_shared<plugins::HostServices>(),
                                *found.component,
                                "cautious",
                                {},
                                faults));
}

TEST(PluginPolicy, PicksAndHears) {
    const auto plugin = cautious();
    ASSERT_NE(plugin, nullptr);
    const FindPolicy find = with_plugins({plugin});
    EXPECT_TRUE(find("fill-first"));
    EXPECT_FALSE(find("nobody"));
    Yard yard;
    yard.add_many(100);
    Pool& pool = yard.open_with(find("cautious"));
    std::map<int, int> counts = yard.count(2'000);
    EXPECT_GT(counts.size(), 90U);
    Picked picked = yard.pick();
    const int index = yard.index(picked);
    auto report = plugins::sized<parley_pick_report>();
    report.number = picked.number;
    report.error_class = PARLEY_E_OVERLOADED;
    report.monotonic_ms = yard.now_ms;
    picked.policy->report(report);
    picked.attempt.leave();
    EXPECT_EQ(yard.count(500).count(index), 0U);
    EXPECT_EQ(pool.tiers().size(), 1U);
}

TEST(PluginPolicy, SeesTheUsableOnly) {
    const auto plugin = cautious();
    ASSERT_NE(plugin, nullptr);
    Yard yard;
    yard.add_many(5);
    yard.open_with(with_plugins({plugin})("cautious"));
    for (const int i : {0, 1, 3}) yard.cool(i, 60'000);
    for (const auto& [index, count] : yard.count(200)) EXPECT_TRUE(index == 2 || index == 4);
}

TEST(PluginPolicy, IsToldWhoHasTheConversation) {
    const auto plugin = cautious();
    ASSERT_NE(plugin, nullptr);
    Yard yard;
    yard.add_many(100);
    yard.open_with(with_plugins({plugin})("cautious"));
    for (std::uint64_t session = 1; session <= 20; ++session) {
        const int home = yard.index(yard.pick(session));
        for (int i = 0; i < 5; ++i) EXPECT_EQ(yard.index(yard.pick(session)), home);
    }
    // It decides by itself: whom it does not trust any more loses the conversation.
    Picked picked = yard.pick(7);
    auto report = plugins::sized<parley_pick_report>();
    report.number = picked.number;
    report.error_class = PARLEY_E_OVERLOADED;
    report.monotonic_ms = yard.now_ms;
    for (int i = 0; i < 4; ++i) picked.policy->report(report);
    EXPECT_NE(yard.index(yard.pick(7)), yard.index(picked));
}

// A policy of a plugin that lives in this program, and answers as a test says.
struct Odd {
    static inline std::function<void(const parley_pick_ask&, parley_pick&)> answer;
    static inline std::uint64_t sessions = 0;  // of the first candidate

    explicit Odd(const parley_host*) {}

    void pick(const parley_pick_ask& ask,
              std::span<const parley_candidate* const> candidates,
              parley_pick& out) {
        sessions = candidates.front()->session_count;
        out.action = PARLEY_PICK_INDEX;
        answer(ask, out);
    }
};

std::shared_ptr<const plugins::Policy> odd() {
    static const parley_policy table = sdk::policy_table<Odd>();
    static const parley_component record =
        sdk::make_component<Odd>({PARLEY_KIND_POLICY, "odd", "odd"}, &table);
    static plugins::Component component;
    component.record = &record;
    component.kind_id = PARLEY_KIND_POLICY;
    component.id = "odd";
    plugins::Instance::Faults faults;
    return std::make_shared<plugins::Policy>(plugins::Instance::make_checked(
        nullptr, std::make_shared<plugins::HostServices>(), component, "odd", {}, faults));
}

TEST(PluginPolicy, WhatItDoesWrongCostsNoRequest) {
    Yard yard;
    yard.add_many(4);
    yard.open_with(with_plugins({odd()})("odd"));
    const std::array<std::function<void(const parley_pick_ask&, parley_pick&)>, 5> wrongs{
        [](const auto&, auto&) { throw std::runtime_error("broken"); },
        [](const auto&, auto&) { throw 7; },
        [](const auto&, parley_pick& out) { out.index = 4; },
        [](const auto&, parley_pick& out) { out.action = 99; },
        [](const auto&, parley_pick& out) {
            out.action = PARLEY_PICK_DELEGATE;
            out.delegate = plugins::str("nobody knows it");
        }};
    for (const auto& wrong : wrongs) {
        Odd::answer = wrong;
        EXPECT_EQ(yard.count(200).size(), 4U) << "the host's own policy picks";
    }
    // A conversation stays where it was all the same.
    for (const auto& wrong : wrongs) {
        Odd::answer = wrong;
        const int home = yard.index(yard.pick(77));
        for (int i = 0; i < 8; ++i) EXPECT_EQ(yard.index(yard.pick(77)), home);
    }
}

TEST(PluginPolicy, SeesConversationsAndDelegates) {
    Yard yard;
    yard.add_many(3);
    yard.open_with(with_plugins({odd()})("odd"));
    std::vector<std::uint32_t> told;
    Odd::answer = [&](const parley_pick_ask& ask, parley_pick& out) {
        told.push_back((ask.flags & PARLEY_PICK_ASK_AFFINITY) != 0 ? ask.affinity : 99);
        out.index = 2;
    };
    for (std::uint64_t session = 1; session <= 10; ++session) yard.pick(session);
    yard.pick(5);
    EXPECT_EQ(told.front(), 99U) << "nobody has it";
    EXPECT_EQ(told.back(), 2U);
    Odd::answer = [](const auto&, parley_pick& out) { out.index = 0; };
    for (std::uint64_t session = 11; session <= 14; ++session) yard.pick(session);
    yard.pick(1);
    EXPECT_EQ(Odd::sessions, 4U);
    Odd::answer = [](const auto&, parley_pick& out) {
        out.action = PARLEY_PICK_DELEGATE;
        out.delegate = plugins::str("fill-first");
    };
    EXPECT_EQ(yard.index(yard.pick()), 0);
    EXPECT_EQ(yard.index(yard.pick(8)), 2) << "where the conversation was";
}

TEST(Affinity, CountsConversations) {
    Affinity affinity(1024 * 1024, 3'600'000);
    for (std::uint64_t key = 1; key <= 10; ++key) affinity.keep(key, 3, 1'000'000, true);
    affinity.keep(100, 3, 1'000'000);  // stands for no conversation
    EXPECT_EQ(affinity.count(3), 10U);
    affinity.keep(1, 4, 2'000'000, true);
    affinity.keep(1, 4, 3'000'000, true);
    EXPECT_EQ(affinity.count(3), 9U);
    EXPECT_EQ(affinity.count(4), 1U);
    EXPECT_EQ(affinity.find(1, 3'000'000), 4U);
    EXPECT_EQ(Affinity(0, 1'000).count(3), 0U);
}

TEST(Pool, ARefusalOfThousandsIsLookedForOnce) {
    Yard yard;
    yard.add_many(5'000);
    Pool& pool = yard.open("round-robin");
    for (int i = 0; i < 5'000; ++i) yard.cool(i, 60'000 + i);
    const auto refused = [&] { return pool.pick(yard.ask()).nobody; };
    const Nobody first = refused();
    EXPECT_EQ(first.count[static_cast<std::size_t>(Reason::kCooling)], 5'000U);
    EXPECT_EQ(first.free_ms, yard.now_ms + 60'000);
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(refused().free_ms, first.free_ms);
    const auto took = std::chrono::steady_clock::now() - began;
    RecordProperty("us_for_1000", static_cast<int>(took / std::chrono::microseconds(1)));
    yard.now_ms += 200;
    yard.cool(17, 10);
    EXPECT_EQ(refused().free_ms, yard.now_ms + 10);
}

}  // namespace

}  // namespace parley::routing
