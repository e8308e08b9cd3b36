// stash_test.cpp: what is kept, for whom, how long, and how much of it.
#include "pipeline/stash.hpp"

#include <gtest/gtest.h>

namespace parley::pipeline {

namespace {

std::vector<Stashed> thought(std::string text) {
    Stashed part;
    part.sections.push_back({1, std::move(text)});
    part.seal = {3, "acme", "m", "sealed"};
    return {part};
}

TEST(Stash, GivesBackWhatWasPutForTheSameCaller) {
    Stash stash{config::StashLimits()};
    stash.put("alice", "call_1", thought("why"), 0);
    const auto found = stash.find("alice", "call_1", 1);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].sections[0].text, "why");
    EXPECT_EQ(found[0].seal.data, "sealed");
    EXPECT_TRUE(stash.find("bob", "call_1", 1).empty());
    EXPECT_TRUE(stash.find("alice", "call_2", 1).empty());
    // The same caller and id with the border between them moved.
    EXPECT_TRUE(stash.find("alicecall", "_1", 1).empty());
}

TEST(Stash, ForgetsAfterAWhileUnlessAsked) {
    config::StashLimits limits;
    limits.keep_ms = 100;
    Stash stash{limits};
    stash.put("a", "1", thought("x"), 0);
    EXPECT_FALSE(stash.find("a", "1", 99).empty());
    EXPECT_FALSE(stash.find("a", "1", 198).empty());
    EXPECT_TRUE(stash.find("a", "1", 298).empty());
    EXPECT_EQ(stash.bytes(), 0u);
}

TEST(Stash, StaysWithinItsBounds) {
    config::StashLimits limits;
    limits.entries_max = 50;
    limits.bytes_max = 20'000;
    limits.entry_bytes_max = 2'000;
    Stash stash{limits};
    for (int i = 0; i < 500; ++i) {
        stash.put(
            "a", std::to_string(i), thought(std::string(static_cast<std::size_t>(i), 'x')), 0);
        EXPECT_LE(stash.bytes(), limits.bytes_max);
    }
    EXPECT_TRUE(stash.find("a", "0", 0).empty());
    EXPECT_FALSE(stash.find("a", "499", 0).empty());
    stash.put("a", "large", thought(std::string(3'000, 'x')), 0);
    EXPECT_TRUE(stash.find("a", "large", 0).empty());
}

TEST(Stash, DropsTheOneThatWasNotAskedForLongest) {
    config::StashLimits limits;
    limits.entries_max = 2;
    Stash stash{limits};
    stash.put("a", "1", thought("x"), 0);
    stash.put("a", "2", thought("x"), 0);
    stash.find("a", "1", 0);
    stash.put("a", "3", thought("x"), 0);
    EXPECT_FALSE(stash.find("a", "1", 0).empty());
    EXPECT_TRUE(stash.find("a", "2", 0).empty());
    EXPECT_FALSE(stash.find("a", "3", 0).empty());
}

}  // namespace

}  // namespace parley::pipeline
