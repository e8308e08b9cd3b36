// What the heads of replies tell of limits, of keys and of plans.
#include <array>

#include "claude_test.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"
#include "support/defaults.hpp"

namespace parley::claude {

namespace {

using codec::sized;
using sdk::str;
using sdk::view;

constexpr int64_t kNow = 1'800'000'000'000;  // 2027-01-15T08:00:00Z

struct Told {
    std::array<parley_window, 8> windows{};
    std::size_t count = 0;

    explicit Told(std::vector<parley_header> headers) {
        Provider provider(nullptr);
        provider.configure(with_defaults(kProviderSchema, "{}"));
        auto head = sized<parley_http_reply_head>();
        head.headers = headers.data();
        head.header_count = headers.size();
        count = provider.windows(head, kNow, windows);
    }

    const parley_window* find(std::string_view name) const {
        for (std::size_t i = 0; i < count; ++i) {
            if (view(windows[i].name) == name) return &windows[i];
        }
        return nullptr;
    }
};

parley_header field(std::string_view name, std::string_view value) {
    return {str(name), str(value), 0};
}

TEST(Windows, OfAKeyRefill) {
    const Told told({field("anthropic-ratelimit-requests-limit", "50"),
                     field("anthropic-ratelimit-requests-remaining", "49"),
                     field("anthropic-ratelimit-requests-reset", "2027-01-15T08:00:01Z"),
                     field("anthropic-ratelimit-input-tokens-limit", "40000"),
                     field("Anthropic-Ratelimit-Input-Tokens-Remaining", "1"),
                     field("anthropic-ratelimit-input-tokens-remaining", "39000"),
                     field("anthropic-ratelimit-input-tokens-reset", "2027-01-15T08:00:02Z")});
    ASSERT_NE(told.find("requests"), nullptr);
    EXPECT_EQ(told.find("requests")->remaining, 49U);
    EXPECT_EQ(told.find("requests")->reset_ms, 1'000U);
    const parley_window* input = told.find("input-tokens");
    ASSERT_NE(input, nullptr);
    EXPECT_EQ(input->kind, static_cast<uint32_t>(PARLEY_WINDOW_INPUT_TOKENS));
    EXPECT_EQ(input->limit, 40'000U);
    EXPECT_EQ(input->remaining, 39'000U);
    EXPECT_EQ(input->reset_ms, 2'000U);
    EXPECT_EQ(input->flags, PARLEY_WINDOW_REFILLS);
    EXPECT_EQ(input->scope, static_cast<uint32_t>(PARLEY_SCOPE_MODEL));
}

TEST(Windows, OfAPlanBeginAnew) {
    const Told told({field("anthropic-ratelimit-unified-status", "allowed"),
                     field("anthropic-ratelimit-unified-reset", "1800003600"),
                     field("anthropic-ratelimit-unified-5h-status", "allowed"),
                     field("anthropic-ratelimit-unified-5h-reset", "1800003600"),
                     field("anthropic-ratelimit-unified-5h-utilization", "0.25"),
                     field("anthropic-ratelimit-unified-7d-status", "rejected"),
                     field("anthropic-ratelimit-unified-7d-reset", "1800086400"),
                     field("anthropic-ratelimit-unified-7d-utilization", "0.99"),
                     field("anthropic-ratelimit-unified-7d_oi-utilization", "1.2"),
                     field("anthropic-ratelimit-unified-7d_oi-reset", "1800086400"),
                     field("anthropic-ratelimit-unified-overage-status", "rejected")});
    EXPECT_EQ(told.count, 3U);
    const parley_window* hours = told.find("5h");
    ASSERT_NE(hours, nullptr);
    EXPECT_EQ(hours->kind, static_cast<uint32_t>(PARLEY_WINDOW_SHARE));
    EXPECT_EQ(hours->limit, 1'000'000U);
    EXPECT_EQ(hours->remaining, 750'000U);
    EXPECT_EQ(hours->reset_ms, 3'600'000U);
    EXPECT_EQ(hours->length_ms, 5 * 3'600'000U);
    EXPECT_EQ(hours->flags, 0U);
    EXPECT_EQ(hours->scope, static_cast<uint32_t>(PARLEY_SCOPE_ACCOUNT));
    ASSERT_NE(told.find("7d"), nullptr);
    EXPECT_EQ(told.find("7d")->remaining, 0U) << "it refuses already";
    EXPECT_EQ(told.find("7d")->length_ms, 7 * 24 * 3'600'000U);
    ASSERT_NE(told.find("7d_oi"), nullptr);
    EXPECT_EQ(told.find("7d_oi")->remaining, 0U);
    EXPECT_EQ(told.find("7d_oi")->scope, static_cast<uint32_t>(PARLEY_SCOPE_MODEL));
}

TEST(Windows, OtherHeadersTellNone) {
    const Told told({field("anthropic-ratelimit-", ""),
                     field("anthropic-ratelimit-limit", "5"),
                     field("anthropic-ratelimit-unified-", "5"),
                     field("anthropic-ratelimit-unified-5h-utilization", "lots"),
                     field("anthropic-organization-id", "o"),
                     field("x-ratelimit-limit-requests", "5")});
    EXPECT_EQ(told.count, 0U);
}

}  // namespace

}  // namespace parley::claude
