// Where requests go, what proves them, and what a refusal means.
#include <gtest/gtest.h>

#include "codec/codec.hpp"
#include "provider.hpp"

namespace parley::example_key {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

class ProviderTest : public testing::Test {
protected:
    ProviderTest() {
        account_.secret = str("k-1");
        ask_.path = str("/v1/chat/completions");
        ask_.account = &account_;
    }

    parley_plan plan_with(std::string_view settings) {
        provider_.configure(settings);
        auto plan = sized<parley_plan>();
        provider_.plan(ask_, memory_, plan);
        return plan;
    }

    parley_verdict verdict_of(std::string_view code) {
        auto told = sized<parley_error>();
        told.error_class = PARLEY_E_RATE_LIMITED;
        told.code = str(code);
        auto verdict = sized<parley_verdict>();
        provider_.classify(account_, nullptr, {}, told, memory_, verdict);
        return verdict;
    }

    Provider provider_{nullptr};
    TestArena arena_;
    sdk::Arena memory_ = arena_.sdk();
    parley_account account_ = sized<parley_account>();
    parley_plan_ask ask_ = sized<parley_plan_ask>();
};

TEST_F(ProviderTest, SendsTheKeyInAMarkedHeader) {
    const auto plan = plan_with(R"({"base_url":"https://api.example/v7/","team":"reds"})");
    EXPECT_EQ(view(plan.origin), "https://api.example");
    EXPECT_EQ(view(plan.target), "/v7/chat/completions");
    ASSERT_EQ(plan.header_count, 2u);
    EXPECT_EQ(view(plan.headers[0].name), "x-api-key");
    EXPECT_EQ(view(plan.headers[0].value), "k-1");
    EXPECT_EQ(plan.headers[0].flags, PARLEY_HEADER_SECRET);
    EXPECT_EQ(view(plan.headers[1].value), "reds");
    EXPECT_EQ(plan.headers[1].flags, 0u);
}

TEST_F(ProviderTest, AnAccountMayHaveAnAddressOfItsOwn) {
    account_.base_url = str("http://127.0.0.1:1/x");
    const auto plan = plan_with(R"({"base_url":"https://api.example/v7","team":""})");
    EXPECT_EQ(view(plan.origin), "http://127.0.0.1:1");
    EXPECT_EQ(view(plan.target), "/x/chat/completions");
    EXPECT_EQ(plan.header_count, 1u);
}

TEST_F(ProviderTest, RefusesWhatIsNoAddress) {
    EXPECT_THROW(plan_with(R"({"base_url":"ftp://api.example","team":""})"), sdk::Failure);
}

TEST_F(ProviderTest, AnAccountWithoutCreditIsLeftAlone) {
    const auto verdict = verdict_of("out_of_credit");
    EXPECT_EQ(verdict.error.error_class, PARLEY_E_QUOTA_EXHAUSTED);
    EXPECT_EQ(verdict.error.advice, unsigned{PARLEY_ADVICE_OTHER_ACCOUNT});
    EXPECT_EQ(verdict.cool_down_ms, 3'600'000u);
    EXPECT_EQ(verdict_of("slow_down").error.error_class, PARLEY_E_RATE_LIMITED);
    EXPECT_EQ(verdict_of("slow_down").cool_down_ms, 0u);
}

}  // namespace

}  // namespace parley::example_key
