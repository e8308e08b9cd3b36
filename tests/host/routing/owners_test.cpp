// owners_test.cpp: who made what, bounded in bytes and time.
#include "routing/owners.hpp"

#include <string>

#include <gtest/gtest.h>

namespace parley::routing {

namespace {

constexpr std::int64_t kNow = 1'000'000;

TEST(Owners, KeepWhatTheyAreTold) {
    Owners owners{config::RoutingLimits()};
    EXPECT_EQ(owners.find("resp_1", kNow), 0U);
    owners.keep("resp_1", 7, kNow);
    owners.keep("resp_2", 8, kNow);
    EXPECT_EQ(owners.find("resp_1", kNow), 7U);
    EXPECT_EQ(owners.find("resp_2", kNow), 8U);
    EXPECT_EQ(owners.find("resp_3", kNow), 0U);
    owners.keep("resp_1", 9, kNow);
    EXPECT_EQ(owners.find("resp_1", kNow), 9U);
}

TEST(Owners, ForgetAfterTheirTime) {
    config::RoutingLimits limits;
    limits.owners_ms = 10'000;
    Owners owners(limits);
    owners.keep("resp_1", 7, kNow);
    EXPECT_EQ(owners.find("resp_1", kNow + 9'000), 7U);
    EXPECT_EQ(owners.find("resp_1", kNow + 12'000), 0U);
}

TEST(Owners, AreBoundedAndNeverMixedUp) {
    config::RoutingLimits limits;
    limits.owners_bytes_max = 16 * 1024;
    Owners owners(limits);
    constexpr std::uint32_t kMany = 10'000;
    for (std::uint32_t i = 1; i <= kMany; ++i) owners.keep("resp_" + std::to_string(i), i, kNow);
    std::uint32_t kept = 0;
    for (std::uint32_t i = 1; i <= kMany; ++i) {
        const std::uint32_t owner = owners.find("resp_" + std::to_string(i), kNow);
        if (owner == 0) continue;
        EXPECT_EQ(owner, i);
        ++kept;
    }
    EXPECT_GT(kept, 500U);
    EXPECT_LE(kept, 1024U);
    limits.owners_bytes_max = 0;
    Owners none(limits);
    none.keep("resp_1", 7, kNow);
    EXPECT_EQ(none.find("resp_1", kNow), 0U);
    EXPECT_FALSE(owners.fits(limits));
    EXPECT_TRUE(none.fits(limits));
}

}  // namespace

}  // namespace parley::routing
