// Where a call goes, and what is refused before anything is sent.
#include "http/call.hpp"

#include <gtest/gtest.h>

namespace parley::http {

namespace {

std::string place_of(std::string_view url) {
    Call call;
    const auto set = set_url(url, call);
    return set ? call.origin + " " + call.target : set.error().message;
}

TEST(Call, ReadsUrls) {
    EXPECT_EQ(place_of("https://oauth2.example.com/token"), "https://oauth2.example.com /token");
    EXPECT_EQ(place_of("https://a.example:8443?x=1"), "https://a.example:8443 /?x=1");
    EXPECT_EQ(place_of("http://127.0.0.1:80/a/b?c=%20d"), "http://127.0.0.1:80 /a/b?c=%20d");
    EXPECT_EQ(place_of("http://[::1]:9/"), "http://[::1]:9 /");
}

TEST(Call, RefusesOtherUrls) {
    const std::string plain = "url: plain http to an address that is not loopback";
    EXPECT_EQ(place_of("http://oauth2.example.com/token"), plain);
    EXPECT_EQ(place_of("http://localhost/"), plain) << "a name may lead anywhere";
    EXPECT_EQ(place_of("http://10.0.0.1/"), plain);
    EXPECT_EQ(place_of("https://user:pass@a.example/"), "url: holds a user's name");
    EXPECT_EQ(place_of("ftp://a.example/"), "url: neither http nor https");
    for (const char* url : {"", "/token", "a.example", "https://", "https:///x", "https://a b/"}) {
        EXPECT_EQ(place_of(url), "url: not an absolute one") << url;
    }
}

}  // namespace

}  // namespace parley::http
