// Files as people, editors and orchestrators change them.
#include "live/file_watch.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace parley::live {

namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
protected:
    FileWatchTest() {
        std::string name = (fs::temp_directory_path() / "parley-watch-XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }

    ~FileWatchTest() override { fs::remove_all(folder); }

    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder / name, std::ios::trunc) << text;
    }

    void follow(const std::vector<std::string>& names) {
        std::vector<std::string> paths;
        for (const std::string& name : names) paths.push_back((folder / name).string());
        watch.watch(paths, {5, 100});
        ASSERT_EQ(watch.fault(), "");
    }

    // Runs the loop until something has been told once more.
    void expect_told() {
        const int before = told;
        const std::uint64_t end_ms = http::Loop::clock_ms() + 20'000;  // deadline
        while (told == before) {
            ASSERT_LT(http::Loop::clock_ms(), end_ms) << "nothing was told";
            loop.io().run_one_for(std::chrono::milliseconds(100));
        }
    }

    fs::path folder;
    http::Loop loop{0};
    int told = 0;
    FileWatch watch{loop, [this] { ++told; }};
};

TEST_F(FileWatchTest, WrittenInPlaceReplacedRemovedAndMade) {
    write("a", "1");
    follow({"a"});
    write("a", "22");
    expect_told();
    write("a.new", "333");
    fs::rename(folder / "a.new", folder / "a");
    expect_told();
    fs::remove(folder / "a");
    expect_told();
    write("a", "4444");
    expect_told();
}

TEST_F(FileWatchTest, AMountedFolderThatIsSwappedByALink) {
    fs::create_directory(folder / "..1");
    write("..1/a", "1");
    fs::create_directory_symlink("..1", folder / "..data");
    fs::create_symlink("..data/a", folder / "a");
    follow({"a"});
    for (const char* next : {"..2", "..3"}) {
        fs::create_directory(folder / next);
        write(std::string(next) + "/a", "another");
        fs::create_directory_symlink(next, folder / "..data_tmp");
        fs::rename(folder / "..data_tmp", folder / "..data");
        expect_told();
    }
}

TEST_F(FileWatchTest, TheTargetOfALinkIsFollowed) {
    fs::create_directory(folder / "elsewhere");
    write("elsewhere/real", "1");
    fs::create_symlink(folder / "elsewhere" / "real", folder / "a");
    follow({"a"});
    write("elsewhere/real", "22");
    expect_told();
}

TEST_F(FileWatchTest, WhatHappensBesideIsNotTold) {
    write("a", "1");
    follow({"a"});
    write("b", "1");
    write("a", "22");
    expect_told();
    EXPECT_EQ(told, 1);
}

TEST_F(FileWatchTest, AFolderStandsForAllThatIsInIt) {
    fs::create_directory(folder / "plugins");
    follow({"plugins"});
    write("plugins/a.so", "1");
    expect_told();
    fs::remove(folder / "plugins" / "a.so");
    expect_told();
}

TEST_F(FileWatchTest, AFileThatIsBeingWrittenIsWaitedFor) {
    write("a", "1");
    follow({"a"});
    std::ofstream half(folder / "a", std::ios::trunc);
    half << "half" << std::flush;
    write("b", "1");
    const std::uint64_t past_all_patience_ms = http::Loop::clock_ms() + 300;
    while (http::Loop::clock_ms() < past_all_patience_ms) {
        loop.io().run_one_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(told, 0);
    EXPECT_FALSE(watch.still_holds());
    half << " and half" << std::flush;
    half.close();
    expect_told();
    EXPECT_TRUE(watch.still_holds());
}

// More than the system keeps for who does not listen (16384 by default): what it dropped is found
// by looking.
TEST_F(FileWatchTest, WhatTheSystemForgotToTellIsFound) {
    write("a", "1");
    fs::create_directory(folder / "plugins");
    write("plugins/x", "1");
    follow({"a", "plugins"});
    for (int i = 0; i < 5'000; ++i) {
        fs::rename(folder / "plugins" / "x", folder / "plugins" / "y");
        fs::rename(folder / "plugins" / "y", folder / "plugins" / "x");
    }
    write("a", "22");
    expect_told();
    EXPECT_TRUE(watch.still_holds());
    write("a", "333");
    expect_told();
}

TEST_F(FileWatchTest, ManyChangesAreToldWhileTheyGoOn) {
    write("a", "");
    follow({"a"});
    // Never quiet for as long as it likes to wait; all the same it does not wait for ever.
    const int enough = 3;
    const std::uint64_t end_ms = http::Loop::clock_ms() + 20'000;  // deadline
    for (int i = 0; told < enough; ++i) {
        ASSERT_LT(http::Loop::clock_ms(), end_ms);
        write("a", std::string(static_cast<std::size_t>(i % 100), 'x'));
        loop.io().run_one_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

}  // namespace parley::live
