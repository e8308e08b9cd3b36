#include "parley/sdk/windows.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace parley::sdk {

namespace {

constexpr int64_t kNow = 1'800'000'000'000;  // 2027-01-15T08:00:00Z

std::optional<uint64_t> waited(std::string_view text) {
    uint64_t ms = 0;
    return read_wait(text, kNow, ms) ? std::optional(ms) : std::nullopt;
}

TEST(Windows, AResetIsReadInEverySpelling) {
    EXPECT_EQ(waited("6m0s"), 360'000U);
    EXPECT_EQ(waited("1h2m3s"), 3'723'000U);
    EXPECT_EQ(waited("20ms"), 20U);
    EXPECT_EQ(waited("1.5s"), 1'500U);
    EXPECT_EQ(waited("1d"), 86'400'000U);
    EXPECT_EQ(waited("59.7"), 59'700U);
    EXPECT_EQ(waited("1800000060"), 60'000U);
    EXPECT_EQ(waited("1800000060500"), 60'500U);
    EXPECT_EQ(waited("2027-01-15T08:01:00Z"), 60'000U);
    EXPECT_EQ(waited("2027-01-15T08:00:01.5Z"), 1'500U);
    EXPECT_EQ(waited("2027-01-15T10:00:10+02:00"), 10'000U);
    EXPECT_EQ(waited("2027-01-15T07:30:10-00:30"), 10'000U);
    EXPECT_EQ(waited("2026-01-15T08:00:00Z"), 0U) << "it is over";
    EXPECT_EQ(waited("0"), 0U);
}

TEST(Windows, WhatIsNoResetIsNone) {
    for (const char* text : {"",
                             "soon",
                             "-5",
                             "5x",
                             "s",
                             "2027-13-15T08:00:00Z",
                             "nan",
                             "6m0s!",
                             "2027-01-15",
                             "2027-01-15T08:00:00",
                             "2027-01-15T08:00:00+2"}) {
        EXPECT_EQ(waited(text), std::nullopt) << text;
    }
    EXPECT_GT(waited("inf").value_or(0), 0U) << "clamped";
}

struct Head {
    std::vector<parley_header> headers;

    Head(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
        for (const auto& [name, value] : fields) headers.push_back({str(name), str(value), 0});
    }

    parley_http_reply_head view() const {
        parley_http_reply_head head{};
        head.struct_size = sizeof(head);
        head.status = 200;
        head.headers = headers.data();
        head.header_count = headers.size();
        return head;
    }
};

TEST(Windows, OfBucketsThatRefill) {
    const Head head{{"Date", "now"},
                    {"X-RateLimit-Limit-Requests", "500"},
                    {"x-ratelimit-limit-tokens", "30000"},
                    {"X-RateLimit-Remaining-Requests", "499"},
                    {"x-ratelimit-remaining-tokens", "29000"},
                    {"X-RateLimit-Reset-Requests", "120ms"},
                    {"x-ratelimit-reset-tokens", "2s"}};
    std::array<parley_window, 8> out{};
    ASSERT_EQ(read_windows(head.view(), kNow, out), 2U);
    EXPECT_EQ(out[0].kind, static_cast<uint32_t>(PARLEY_WINDOW_REQUESTS));
    EXPECT_EQ(out[0].limit, 500U);
    EXPECT_EQ(out[0].remaining, 499U);
    EXPECT_EQ(out[0].reset_ms, 120U);
    EXPECT_EQ(out[0].flags, PARLEY_WINDOW_REFILLS);
    EXPECT_EQ(view(out[1].name), "tokens");
    EXPECT_EQ(out[1].kind, static_cast<uint32_t>(PARLEY_WINDOW_TOKENS));
    EXPECT_EQ(out[1].remaining, 29'000U);
    EXPECT_EQ(out[1].reset_ms, 2'000U);
    EXPECT_EQ(out[1].scope, static_cast<uint32_t>(PARLEY_SCOPE_MODEL));
}

TEST(Windows, WithoutANameItEndsAtOnce) {
    const Head head{{"X-RateLimit-Limit", "20"},
                    {"X-RateLimit-Remaining", "0"},
                    {"X-RateLimit-Reset", "1800000010000"}};
    std::array<parley_window, 8> out{};
    ASSERT_EQ(read_windows(head.view(), kNow, out), 1U);
    EXPECT_EQ(view(out[0].name), "requests");
    EXPECT_EQ(out[0].remaining, 0U);
    EXPECT_EQ(out[0].reset_ms, 10'000U);
    EXPECT_EQ(out[0].flags, 0U);
}

TEST(Windows, HalvesAndNonsenseAreLeftOut) {
    const Head head{{"x-ratelimit-limit-requests", "500"},
                    {"x-ratelimit-remaining-tokens", "5"},
                    {"x-ratelimit-limit-output-tokens", "many"},
                    {"x-ratelimit-remaining-output-tokens", "5"},
                    {"x-ratelimit-limit-images", "0"},
                    {"x-ratelimit-remaining-images", "0"},
                    {"x-ratelimit-over-limit", "no"},
                    {"x-ratelimit-", ""}};
    std::array<parley_window, 8> out{};
    EXPECT_EQ(read_windows(head.view(), kNow, out), 0U);
}

TEST(Windows, NoMoreThanThereIsRoomFor) {
    std::vector<std::string> names;
    for (int i = 0; i < 10; ++i) {
        names.push_back("x-ratelimit-limit-tokens-" + std::to_string(i));
        names.push_back("x-ratelimit-remaining-tokens-" + std::to_string(i));
    }
    Head head{};
    for (const std::string& name : names) head.headers.push_back({str(name), str("7"), 0});
    std::array<parley_window, 3> out{};
    EXPECT_EQ(read_windows(head.view(), kNow, out), 3U);
}

}  // namespace

}  // namespace parley::sdk
