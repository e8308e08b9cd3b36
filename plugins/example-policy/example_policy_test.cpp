// example_policy_test.cpp: the policy through the table that the host calls.
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "parley/sdk/policy.hpp"

extern "C" const parley_entry parley_plugin_v0;

namespace {

class CautiousTest : public testing::Test {
protected:
    CautiousTest() {
        component_.create(nullptr, &instance_, nullptr);
        for (std::uint64_t i = 0; i < 3; ++i) {
            parley_candidate candidate{};
            candidate.struct_size = sizeof(candidate);
            candidate.weight = 1;
            candidate.number = (100 + i) << 32 | 7;
            candidates_.push_back(candidate);
        }
    }

    ~CautiousTest() override { component_.destroy(instance_); }

    std::uint32_t pick() {
        std::vector<const parley_candidate*> pointers;
        for (const parley_candidate& candidate : candidates_) pointers.push_back(&candidate);
        ask_.struct_size = sizeof(ask_);
        ask_.random = ask_.random * 6364136223846793005ULL + 1442695040888963407ULL;
        parley_pick out{};
        out.struct_size = sizeof(out);
        EXPECT_EQ(table().pick(instance_, &ask_, pointers.data(), 3, &out, nullptr), PARLEY_OK);
        EXPECT_EQ(out.action, static_cast<std::uint32_t>(PARLEY_PICK_INDEX));
        return out.index;
    }

    std::map<std::uint32_t, int> count() {
        std::map<std::uint32_t, int> counts;
        for (int i = 0; i < 300; ++i) ++counts[pick()];
        return counts;
    }

    void report(std::uint64_t account, int error_class) {
        parley_pick_report report{};
        report.struct_size = sizeof(report);
        report.number = account << 32 | 7;
        report.error_class = error_class;
        report.monotonic_ms = ask_.monotonic_ms;
        table().report(instance_, &report);
    }

    const parley_policy& table() const {
        return *static_cast<const parley_policy*>(component_.table);
    }

    const parley_component& component_ = *parley_plugin_v0.component(0);
    parley_instance* instance_ = nullptr;
    std::vector<parley_candidate> candidates_;
    parley_pick_ask ask_{};
};

TEST_F(CautiousTest, EqualsTakeTurns) {
    for (const auto& [index, count] : count()) EXPECT_GT(count, 50) << index;
}

TEST_F(CautiousTest, LeavesWhoFailedAloneUntilThatIsForgotten) {
    report(101, PARLEY_E_OVERLOADED);
    EXPECT_EQ(count().count(1), 0U);
    ask_.monotonic_ms += 120'000;
    EXPECT_GT(count()[1], 50);
}

TEST_F(CautiousTest, SuccessBringsTrustBackSooner) {
    report(101, PARLEY_E_OVERLOADED);
    for (int i = 0; i < 12; ++i) report(101, 0);
    EXPECT_GT(count()[1], 50);
}

TEST_F(CautiousTest, AConversationStaysWhileItsAccountIsTrusted) {
    ask_.flags = PARLEY_PICK_ASK_AFFINITY;
    ask_.affinity = 2;
    EXPECT_EQ(count()[2], 300);
    report(102, PARLEY_E_TIMEOUT);
    report(102, PARLEY_E_TIMEOUT);
    EXPECT_EQ(count().count(2), 0U);
}

TEST_F(CautiousTest, PrefersTheLessBusyForTheirWeight) {
    candidates_[0].in_flight = 5;
    candidates_[1].in_flight = 5;
    candidates_[1].weight = 4;
    candidates_[2].in_flight = 5;
    EXPECT_EQ(count()[1], 300);
}

}  // namespace
