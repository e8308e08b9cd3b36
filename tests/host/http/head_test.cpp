// The smuggling list: heads that two parsers might read differently are refused.
#include "http/head.hpp"

#include <string>

#include <gtest/gtest.h>

namespace parley::http {
namespace {

const config::Limits kLimits;

base::Result<RequestHead> read(std::string_view text) {
    std::size_t scanned = 0;
    auto end = find_head_end(text, scanned, kLimits.head_bytes_max);
    if (!end) return std::move(end).error();
    RequestHead head;
    auto parsed = parse_head(text.substr(0, *end), kLimits, head);
    if (!parsed) return std::move(parsed).error();
    return head;
}

struct Bad {
    const char* name;
    std::string text;
    unsigned status;
};

class BadHead : public testing::TestWithParam<Bad> {};

TEST_P(BadHead, IsRefused) {
    const auto head = read(GetParam().text);
    ASSERT_FALSE(head.has_value()) << GetParam().text;
    EXPECT_EQ(head.error().http_status, GetParam().status) << head.error().message;
}

std::string post(const std::string& fields) {
    return "POST /v1/x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Smuggling,
    BadHead,
    testing::Values(
        Bad{"length_and_chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400},
        Bad{"chunked_and_length", post("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400},
        Bad{"two_lengths", post("Content-Length: 5\r\nContent-Length: 6"), 400},
        Bad{"same_length_twice", post("Content-Length: 5\r\nContent-Length: 5"), 400},
        Bad{"list_of_lengths", post("Content-Length: 5, 5"), 400},
        Bad{"plus", post("Content-Length: +5"), 400},
        Bad{"minus", post("Content-Length: -5"), 400},
        Bad{"hex", post("Content-Length: 0x5"), 400},
        Bad{"empty_length", post("Content-Length: "), 400},
        Bad{"huge_length", post("Content-Length: 99999999999999999999"), 400},
        Bad{"chunked_twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400},
        Bad{"chunked_list", post("Transfer-Encoding: gzip, chunked"), 400},
        Bad{"chunked_misspelt", post("Transfer-Encoding: xchunked"), 400},
        Bad{"chunked_and_identity",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
            400},
        Bad{"folded", post("X-A: 1\r\n 2"), 400},
        Bad{"folded_empty", post("X-A:\r\n 2"), 400},
        Bad{"space_before_colon", post("Content-Length : 5"), 400},
        Bad{"space_before_name", "POST / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        Bad{"no_name", post(": 5"), 400},
        Bad{"no_colon", post("X-A"), 400},
        Bad{"bare_lf", "POST / HTTP/1.1\nHost: a\n\n", 400},
        Bad{"bare_lf_in_field", post("X-A: 1\nX-B: 2"), 400},
        Bad{"bare_cr", post("X-A: 1\rX-B: 2"), 400},
        Bad{"nul_in_value", post(std::string("X-A: 1\0002", 8)), 400},
        Bad{"nul_in_name", post(std::string("X\0A: 1", 6)), 400},
        Bad{"delete_in_value", post("X-A: \x7f"), 400},
        Bad{"no_host", "POST / HTTP/1.1\r\n\r\n", 400},
        Bad{"two_hosts", post("Host: b"), 400},
        Bad{"odd_host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        Bad{"host_with_user", "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", 400},
        Bad{"no_version", "GET /\r\nHost: a\r\n\r\n", 400},
        Bad{"version_2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
        Bad{"version_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
        Bad{"lower_case_version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"relative_target", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"star_target", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"encoded_nul", "GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"half_encoding", "GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"bad_encoding", "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"control_in_authority", "GET http://\x7f/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"no_target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"tab_before_version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"words_behind_version", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", 400},
        Bad{"no_method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Bad{"name_beyond_ascii", post("X-\xc3\xa4: 1"), 400},
        Bad{"connection_without_commas", post("Connection: close keep-alive"), 400},
        Bad{"chunked_in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Bad{"other_expectation", post("Expect: 200-ok"), 417}),
    [](const auto& tested) { return tested.param.name; });

TEST(Head, OtherProtocolsAreKnownByTheirFirstBytes) {
    const auto why = [](std::string_view bytes) {
        const auto begun = check_beginning(bytes);
        return begun ? std::string() : begun.error().message;
    };
    const std::string_view hello("\x16\x03\x01\x02\x00\x01", 6);
    for (std::size_t size = 1; size <= hello.size(); ++size) {
        EXPECT_NE(why(hello.substr(0, size)).find("use http://"), std::string::npos) << size;
    }
    const std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    EXPECT_NE(why(preface).find("use HTTP/1.1"), std::string::npos);
    for (const std::string_view odd : {"\x80\x01", " GET", "{\"a\"", "\xff"})
        EXPECT_NE(why(odd), "");
    for (const std::string_view good : {"", "G", "PRI", "\r", "\r\n", "\x21"})
        EXPECT_EQ(why(good), "");
}

TEST(Head, TrimsValuesAndTakesAnyText) {
    const std::string text = post("X-A: \t a\tb \t\r\nX-B:\r\nX-C:\xc3\xa4");
    const auto head = read(text);
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->get("x-a"), "a\tb");
    EXPECT_EQ(head->get("x-b"), "");
    EXPECT_EQ(head->get("x-c"), "\xc3\xa4");
}

TEST(Head, HearsEveryConnectionField) {
    EXPECT_FALSE(read(post("Connection: keep-alive,, x\r\nConnection: Close"))->keep_alive);
    EXPECT_TRUE(read(post("Connection: x, Upgrade"))->upgrade);
}

TEST(Head, ReadsWhatMatters) {
    const auto head = read(
        "POST http://a.test/v1/x%2Fy?q=1&key=2 HTTP/1.1\r\nhost: a.test\r\n"
        "Content-Type: application/json\r\ncontent-LENGTH: 12\r\nExpect: 100-Continue\r\n\r\n");
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->method, "POST");
    EXPECT_EQ(head->path, "/v1/x%2Fy");
    EXPECT_EQ(head->query, "q=1&key=2");
    EXPECT_EQ(head->content_type, "application/json");
    EXPECT_EQ(head->content_length, 12u);
    EXPECT_TRUE(head->expects_continue);
    EXPECT_TRUE(head->keep_alive);
    EXPECT_EQ(head->get("content-type"), "application/json");
}

TEST(Head, KeepsAliveAsVersionsDo) {
    EXPECT_TRUE(read("GET / HTTP/1.1\r\nHost: a\r\n\r\n")->keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")->keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n")->keep_alive);
    EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

TEST(Head, EndIsFoundHoweverTheBytesCome) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\nrest";
    const std::size_t wanted = text.find("rest");
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::size_t scanned = 0;
        const auto early = find_head_end(text.substr(0, cut), scanned, 1000);
        ASSERT_TRUE(early.has_value());
        EXPECT_EQ(*early, cut < wanted ? 0 : wanted) << cut;
        const auto late = find_head_end(text, scanned, 1000);
        ASSERT_TRUE(late.has_value());
        EXPECT_TRUE(cut >= wanted || *late == wanted) << cut;
    }
}

TEST(Head, LimitsHold) {
    config::Limits limits;
    limits.head_fields_max = 3;
    RequestHead head;
    const std::string many = post("A: 1\r\nB: 2\r\nC: 3\r\nD: 4");
    const auto parsed = parse_head(many, limits, head);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().http_status, 431u);
    std::size_t scanned = 0;
    const auto end = find_head_end(std::string(200, 'a') + "\r\n", scanned, 100);
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().http_status, 431u);
}

TEST(Head, ReplyBodiesAreDelimited) {
    const auto reply = [](std::string_view text) {
        ReplyHead head;
        EXPECT_TRUE(parse_head(text, kLimits, head).has_value()) << text;
        return head;
    };
    EXPECT_TRUE(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").chunked);
    EXPECT_EQ(reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").content_length, 3u);
    const ReplyHead open = reply("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_TRUE(open.until_close);
    EXPECT_FALSE(open.keep_alive);
    EXPECT_FALSE(reply("HTTP/1.1 204 No Content\r\n\r\n").until_close);
}

}  // namespace
}  // namespace parley::http
