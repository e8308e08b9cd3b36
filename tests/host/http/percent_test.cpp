#include "http/percent.hpp"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

TEST(Percent, Decodes) {
    EXPECT_EQ(percent_decoded("a%2Fb%20c"), "a/b c");
    EXPECT_EQ(percent_decoded("%41"), "A");
    EXPECT_EQ(percent_decoded("%4"), "%4");
    EXPECT_EQ(percent_decoded("%zz%"), "%zz%");
    EXPECT_EQ(percent_decoded(""), "");
}

TEST(Percent, FindsParameters) {
    EXPECT_EQ(query_value("a=1&key=s%2Bk&b", "key"), "s+k");
    EXPECT_EQ(query_value("keys=1", "key"), "");
    EXPECT_EQ(query_value("key", "key"), "");
    EXPECT_EQ(query_value("", "key"), "");
}

TEST(Percent, TakesKeysOut) {
    EXPECT_EQ(without_keys("key=1&alt=sse&auth_token=2&x"), "alt=sse&x");
    EXPECT_EQ(without_keys("key=1"), "");
    EXPECT_EQ(without_keys("monkey=1"), "monkey=1");
}

}  // namespace
}  // namespace parley::http
