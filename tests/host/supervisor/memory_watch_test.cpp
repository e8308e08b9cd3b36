#include "supervisor/memory_watch.hpp"

#include <memory>
#include <unistd.h>

#include <gtest/gtest.h>

namespace parley::supervisor {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr base::Place kLeaks = 7 << 8 | 4;
constexpr base::Place kBusy = 2 << 8 | 1;

struct MemoryWatchTest : testing::Test {
    std::unique_ptr<base::BlackBox> box = std::make_unique<base::BlackBox>();
    MemoryWatch watch;

    MemoryWatchTest() {
        box->leak_bytes = 256 * kMiB;
        box->lines[0].thread = 40;
        box->lines[1].thread = 41;
        box->lines[0].is_loop = box->lines[1].is_loop = 1;
        box->lines[2].thread = 42;  // a store's, which is always there
        box->lines[2].now = 3 << 8 | 9;
    }

    // What is told when threads are there at a look.
    std::optional<MemoryWatch::Finding> look(std::uint64_t mib,
                                             base::Place first,
                                             base::Place second = 0) {
        box->lines[0].now = first;
        box->lines[1].now = second;
        return watch.look(*box, mib * kMiB);
    }
};

TEST_F(MemoryWatchTest, NamesWhomItGrewInAndAgainAtTwiceAsMuch) {
    EXPECT_FALSE(look(100, kBusy));
    std::uint64_t mib = 100;
    std::vector<std::uint64_t> told;
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(look(mib, kBusy, kBusy)) << "it is there, but nothing grows";
        // Now and then another one is there as well, or nobody is met at all.
        const auto found = look(mib += 50, i % 5 == 4 ? 0 : kLeaks, i % 3 == 0 ? kBusy : 0);
        if (!found) continue;
        EXPECT_EQ(found->place, kLeaks);
        EXPECT_EQ(found->bytes, mib * kMiB);
        told.push_back(found->grown / kMiB);
    }
    ASSERT_EQ(told.size(), 2u);
    EXPECT_GE(told[0], 256u);
    EXPECT_GE(told[1], 2 * told[0]);
    EXPECT_FALSE(look(0, 0)) << "it has ended";
    ASSERT_TRUE(watch.suspect());
    EXPECT_EQ(watch.suspect()->place, kLeaks);
}

TEST_F(MemoryWatchTest, SuspectsNobodyWhereItGrewOutsideOfPlugins) {
    look(100, 0);
    for (std::uint64_t mib = 200; mib <= 1000; mib += 100) EXPECT_FALSE(look(mib, 0));
    EXPECT_FALSE(look(1270, kBusy)) << "it was there at the end alone";
    EXPECT_FALSE(watch.suspect());
}

TEST_F(MemoryWatchTest, WhatComesBackIsNoLeak) {
    look(100, 0);
    for (int i = 0; i < 50; ++i) {
        EXPECT_FALSE(look(300, kBusy));
        EXPECT_FALSE(look(100, 0));
    }
    EXPECT_FALSE(watch.suspect());
    EXPECT_TRUE(look(400, kLeaks));
    EXPECT_EQ(watch.suspect()->place, kLeaks);
    look(200, 0);
    EXPECT_FALSE(watch.suspect());
}

TEST_F(MemoryWatchTest, TellsOfNobodyWhereItIsOff) {
    box->leak_bytes = 0;
    look(100, 0);
    for (std::uint64_t mib = 200; mib <= 4000; mib += 100) EXPECT_FALSE(look(mib, kLeaks));
    EXPECT_FALSE(watch.suspect());
}

TEST(MemoryOf, ReadsAProcess) {
    EXPECT_GT(memory_of(::getpid()), kMiB);
    EXPECT_EQ(memory_of(0x7ffffff0), 0u);
}

}  // namespace
}  // namespace parley::supervisor
