// egress_test.cpp: the ways out as a configuration names them.
#include "config/egress.hpp"

#include <gtest/gtest.h>

namespace parley::config {

namespace {

EgressPtr read(const char* text, const EgressPtr& otherwise = {}) {
    auto got = read_egress(base::Secret(text), otherwise);
    EXPECT_TRUE(got) << text;
    return got ? *got : EgressPtr();
}

TEST(Egress, OfEachKind) {
    const EgressPtr http = read("http://someone:p%40ss@proxy.test:3128");
    ASSERT_NE(http, nullptr);
    EXPECT_EQ(http->kind, Egress::Kind::http);
    EXPECT_EQ(http->host, "proxy.test");
    EXPECT_EQ(http->port, 3128);
    EXPECT_EQ(http->user.reveal(), "someone");
    EXPECT_EQ(http->password.reveal(), "p@ss");
    EXPECT_EQ(http->name, "http://proxy.test:3128");
    EXPECT_EQ(read("https://proxy.test")->port, 443);
    EXPECT_EQ(read("socks5://proxy.test/")->port, 1080);
    EXPECT_EQ(read("socks5h://proxy.test")->kind, Egress::Kind::socks5);
    EXPECT_EQ(read("socks5://[::1]:9")->name, "socks5://[::1]:9");
}

TEST(Egress, StraightOrAsOthersSay) {
    const EgressPtr wider = read("http://proxy.test");
    EXPECT_EQ(read("", wider), wider);
    EXPECT_EQ(read("direct", wider), nullptr);
    EXPECT_EQ(read(""), nullptr);
}

TEST(Egress, OtherCredentialsAreAnotherWay) {
    const auto key = [](const char* text) { return read(text)->key; };
    EXPECT_EQ(key("http://a:b@proxy.test"), key("http://a:b@proxy.test"));
    EXPECT_NE(key("http://a:b@proxy.test"), key("http://a:c@proxy.test"));
    EXPECT_EQ(key("http://a:w0rd@proxy.test").find("w0rd"), std::string::npos);
}

TEST(Egress, WhatIsNoneIsNotRepeated) {
    for (const char* text : {"proxy.test:3128",
                             "ftp://a:w0rd@proxy.test",
                             "http://",
                             "http://a:w0rd@proxy.test/path",
                             "http://a:w0rd@proxy.test?query",
                             "socks4://a:w0rd@proxy.test",
                             "http://proxy.test:99999",
                             "Direct"}) {
        const auto got = read_egress(base::Secret(text), {});
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().message.find("w0rd"), std::string::npos);
        EXPECT_NE(got.error().message.find("expected"), std::string::npos);
    }
}

}  // namespace

}  // namespace parley::config
