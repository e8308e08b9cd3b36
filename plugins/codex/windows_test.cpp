// What the backend's replies tell of a plan.
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "parley/sdk/plugin.hpp"
#include "provider.hpp"

namespace parley::codex {

namespace {

using sdk::str;
using sdk::view;

constexpr int64_t kNow = 1'800'000'000'000;

std::vector<parley_window> told(std::vector<parley_header> headers) {
    Provider provider(nullptr);
    parley_http_reply_head head{};
    head.struct_size = sizeof(head);
    head.headers = headers.data();
    head.header_count = headers.size();
    std::vector<parley_window> room(8);
    room.resize(provider.windows(head, kNow, room));
    return room;
}

TEST(Windows, OfAPlan) {
    const auto windows = told({{str("x-codex-plan-type"), str("plus"), 0},
                               {str("x-codex-primary-used-percent"), str("37.5"), 0},
                               {str("x-codex-primary-window-minutes"), str("300"), 0},
                               {str("x-codex-primary-reset-at"), str("1800003600"), 0},
                               {str("x-codex-secondary-used-percent"), str("120"), 0},
                               {str("x-codex-secondary-window-minutes"), str("10080"), 0},
                               {str("x-codex-secondary-reset-after-seconds"), str("60"), 0}});
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_EQ(view(windows[0].name), "primary");
    EXPECT_EQ(windows[0].kind, static_cast<uint32_t>(PARLEY_WINDOW_SHARE));
    EXPECT_EQ(windows[0].remaining, 625'000U);
    EXPECT_EQ(windows[0].reset_ms, 3'600'000U);
    EXPECT_EQ(windows[0].length_ms, 18'000'000U);
    EXPECT_EQ(windows[0].scope, static_cast<uint32_t>(PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(windows[1].remaining, 0U);
    EXPECT_EQ(windows[1].reset_ms, 60'000U);
}

TEST(Windows, OfAKeyOrNothing) {
    EXPECT_EQ(told({{str("x-ratelimit-limit-tokens"), str("9"), 0},
                    {str("x-ratelimit-remaining-tokens"), str("5"), 0}})
                  .size(),
              1U);
    EXPECT_TRUE(told({{str("x-codex-"), str("1"), 0},
                      {str("x-codex-primary"), str("1"), 0},
                      {str("x-codex-primary-used-percent"), str("much"), 0}})
                    .empty());
}

}  // namespace

}  // namespace parley::codex
