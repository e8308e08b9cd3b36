#include "base/code_pages.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace parley::base {

namespace {

// This program's own code, as it is mapped.
struct Code {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    long present_kib = 0;

    long all_kib() const { return static_cast<long>((end - begin) / 1024); }
};

Code code() {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::ifstream maps("/proc/self/smaps");
    Code found;
    for (std::string line; std::getline(maps, line);) {
        const bool is_code = line.find(" r-xp ") != line.npos && line.ends_with(program);
        if (!is_code) continue;
        found.begin = std::stoul(line, nullptr, 16);
        found.end = std::stoul(line.substr(line.find('-') + 1), nullptr, 16);
        while (std::getline(maps, line) && !line.starts_with("Rss:")) {
        }
        found.present_kib = std::stol(line.substr(4));
        return found;
    }
    return found;
}

// As a start does that has called everything.
void touch_all(const Code& code) {
    constexpr std::uintptr_t kPage = 4096;
    for (std::uintptr_t at = code.begin; at < code.end; at += kPage) {
        static_cast<void>(*reinterpret_cast<const volatile char*>(at));
    }
}

TEST(CodePages, AreLetGoOfAndComeBack) {
    const Code before = code();
    ASSERT_GT(before.all_kib(), 0);
    touch_all(before);
    ASSERT_EQ(code().present_kib, before.all_kib());
    let_go_of_code();
    const Code after = code();  // which calls some of it again
    EXPECT_LT(after.present_kib, before.all_kib() / 2);
    touch_all(after);
    EXPECT_EQ(code().present_kib, before.all_kib());
}

}  // namespace

}  // namespace parley::base
