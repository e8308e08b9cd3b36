#include "base/glob.hpp"

#include <string>

#include <gtest/gtest.h>

namespace parley::base {
namespace {

TEST(Glob, Matches) {
    EXPECT_TRUE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("*", "anything"));
    EXPECT_TRUE(glob_matches("m-*", "m-1"));
    EXPECT_TRUE(glob_matches("m-*", "m-"));
    EXPECT_TRUE(glob_matches("*-mini", "m-4-mini"));
    EXPECT_TRUE(glob_matches("m-*-mini*", "m-4-mini-2"));
    EXPECT_TRUE(glob_matches("a*b*c", "a-b-b-c"));
    EXPECT_TRUE(glob_matches("exact", "exact"));
}

TEST(Glob, DoesNotMatch) {
    EXPECT_FALSE(glob_matches("", "a"));
    EXPECT_FALSE(glob_matches("m-*", "m"));
    EXPECT_FALSE(glob_matches("m-*", "xm-1"));
    EXPECT_FALSE(glob_matches("*-mini", "m-mini-2"));
    EXPECT_FALSE(glob_matches("exact", "exactly"));
}

TEST(Glob, ManyStarsStayQuick) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "*a";
    EXPECT_FALSE(glob_matches(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace parley::base
