#include "plugins/quarantine.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace parley::plugins {
namespace {

struct QuarantineTest : testing::Test {
    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   ("parley-quarantine-" + std::to_string(::getpid()));
    std::string file = (folder / "quarantine.json").string();
    Quarantine::Rules rules{3, 600'000};

    QuarantineTest() { std::filesystem::create_directories(folder); }

    ~QuarantineTest() override { std::filesystem::remove_all(folder); }
};

TEST_F(QuarantineTest, HoldsWhatCrashesTooOftenWithinTheWindow) {
    Quarantine quarantine(file, rules);
    EXPECT_TRUE(quarantine.count("aa", "a.so", 1'000));
    EXPECT_TRUE(quarantine.count("aa", "a.so", 2'000));
    EXPECT_TRUE(quarantine.count("bb", "b.so", 2'000));
    EXPECT_EQ(quarantine.why("aa"), "");
    EXPECT_TRUE(quarantine.count("aa", "a.so", 600'999));
    EXPECT_NE(quarantine.why("aa").find("brought the worker down 3 times"), std::string::npos);
    EXPECT_EQ(quarantine.why("bb"), "");
}

TEST_F(QuarantineTest, ForgetsOldCrashes) {
    Quarantine quarantine(file, rules);
    EXPECT_TRUE(quarantine.count("aa", "a.so", 1'000));
    EXPECT_TRUE(quarantine.count("aa", "a.so", 2'000));
    EXPECT_TRUE(quarantine.count("aa", "a.so", 601'000));
    EXPECT_EQ(quarantine.why("aa"), "");
}

TEST_F(QuarantineTest, OutlivesTheProcess) {
    for (int i = 0; i < 3; ++i) {
        Quarantine quarantine(file, rules);
        EXPECT_TRUE(quarantine.count("aa", "a.so", 1'000 + i));
    }
    EXPECT_NE(Quarantine(file, rules).why("aa"), "");
    EXPECT_EQ(Quarantine(file, {0, 600'000}).why("aa"), "");
}

TEST_F(QuarantineTest, ReadsWhatPeopleLeftOfIt) {
    std::ofstream(file) << R"({"aa": {"held": true}, "bb": 3, "cc": {"crashes_ms": ["x", 5]}})";
    Quarantine quarantine(file, rules);
    EXPECT_NE(quarantine.why("aa"), "");
    EXPECT_EQ(quarantine.why("bb"), "");
    std::ofstream(file) << "not json";
    EXPECT_EQ(Quarantine(file, rules).why("aa"), "");
}

TEST_F(QuarantineTest, SaysWhenItCannotRemember) {
    Quarantine quarantine((folder / "none" / "quarantine.json").string(), rules);
    EXPECT_FALSE(quarantine.count("aa", "a.so", 1'000));
}

}  // namespace
}  // namespace parley::plugins
