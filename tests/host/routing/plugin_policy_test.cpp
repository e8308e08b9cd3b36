// plugin_policy_test.cpp: a policy of a plugin picks, hears, and costs nothing when it fails.
#include "routing/plugin_policy.hpp"

#include <gtest/gtest.h>

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

}  // namespace

}  // namespace parley::routing
