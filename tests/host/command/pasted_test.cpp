// What people paste when a browser could not come back.
#include "command/pasted.hpp"

#include <gtest/gtest.h>

namespace parley::command {

namespace {

constexpr std::string_view kState = "state-of-this-login";

std::string read(std::string_view text) {
    auto query = read_pasted(text, kState);
    return query ? std::string(query->reveal()) : "no: " + query.error().message;
}

TEST(Pasted, AddressesGiveTheirQuery) {
    const std::string query = "code=a%20b&state=state-of-this-login";
    EXPECT_EQ(read("http://localhost:1455/callback?" + query), query);
    EXPECT_EQ(read("  http://localhost:1455/callback?" + query + "#fragment \r\n"), query);
    EXPECT_EQ(read("/callback?" + query), query);
    EXPECT_EQ(read("?" + query), query);
    EXPECT_EQ(read("http://localhost/?error=access_denied&state=state-of-this-login"),
              "error=access_denied&state=state-of-this-login");
}

TEST(Pasted, CodesGetTheStateThatWasNotPasted) {
    EXPECT_EQ(read("abc\n"), "code=abc&state=state-of-this-login");
    EXPECT_EQ(read("a+b/c=#state-of-this-login"), "code=a%2Bb%2Fc%3D&state=state-of-this-login");
}

TEST(Pasted, WhatIsNotOfThisLoginIsRefused) {
    const std::string other = "no: that is of another login; paste what this one's page has led to";
    EXPECT_EQ(read("http://localhost:1455/callback?code=a&state=another"), other);
    EXPECT_EQ(read("http://localhost:1455/callback?code=a"), other);
    EXPECT_EQ(read("a#another"), other);
    EXPECT_EQ(read("a#"), other);
    EXPECT_EQ(read("http://localhost:1455/callback"),
              "no: that address has no code behind a question mark");
    EXPECT_EQ(read("http://localhost:1455/callback?state=state-of-this-login"),
              "no: that address holds no code");
    EXPECT_EQ(read("what is this"), "no: that is neither an address nor a code");
    EXPECT_EQ(read("   "), "no: that is neither an address nor a code");
}

}  // namespace

}  // namespace parley::command
