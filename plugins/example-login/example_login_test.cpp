// Each folder cases/device-* and cases/refresh-* is one op, with what the world answers and the
// transcript of it; and what requests and secrets look like.
#include "codec/codec.hpp"
#include "login.hpp"
#include "provider.hpp"
#include "support/op_cases.hpp"

namespace parley::example_login {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

constexpr std::string_view kSettings =
    R"({"base_url":"https://api.example/v1","device_url":"https://login.example/device",)"
    R"("token_url":"https://login.example/token","client_id":"client-1","scope":"models"})";

constexpr std::string_view kDocument =
    R"({"access_token":"at-0","refresh_token":"rt-0-long-enough",)"
    R"("expires_at_ms":1600000000000,"user":"me@example.com","kept":[1,2]})";

class Op : public stage::OpCase {
protected:
    std::unique_ptr<sdk::Op> begin() override {
        Login login(stage::hashing_host());
        login.configure(kSettings);
        if (GetParam().starts_with("device-")) {
            auto ask = sized<parley_login_ask>();
            ask.params = str("{}");
            return login.login_begin(ask);
        }
        auto account = sized<parley_account>();
        account.secret = str(kDocument);
        return login.refresh_begin(account);
    }

    // While a person types, a poll may fail.
    bool sees_errors() const override { return GetParam().starts_with("device-"); }
};

PARLEY_OP_TESTS(Op);

PARLEY_OP_CASES(Op, device);
PARLEY_OP_CASES(Op, refresh);

TEST(Login, ReadsWhatItPublished) {
    Login login(stage::hashing_host());
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto facts = sized<parley_secret_facts>();
    login.parse(kDocument, memory, facts);
    EXPECT_EQ(view(facts.id), "me@example.com");
    EXPECT_EQ(facts.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(facts.expires_at_ms, 1'600'000'000'000);
    EXPECT_THROW(login.parse("sk-a-key", memory, facts), sdk::Failure);
    EXPECT_EQ(view(login.redact(kDocument, memory)),
              R"({"access_token":"...","refresh_token":"...","expires_at_ms":1600000000000,)"
              R"("user":"me@example.com","kept":[1,2]})");
}

TEST(Provider, SendsTheTokenInAMarkedHeader) {
    Provider provider(nullptr);
    provider.configure(kSettings);
    auto account = sized<parley_account>();
    account.secret = str(kDocument);
    auto ask = sized<parley_plan_ask>();
    ask.path = str("/v1/chat/completions");
    ask.account = &account;
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto plan = sized<parley_plan>();
    provider.plan(ask, memory, plan);
    EXPECT_EQ(view(plan.origin), "https://api.example");
    EXPECT_EQ(view(plan.target), "/v1/chat/completions");
    ASSERT_EQ(plan.header_count, 1u);
    EXPECT_EQ(view(plan.headers[0].value), "Bearer at-0");
    EXPECT_EQ(plan.headers[0].flags, PARLEY_HEADER_SECRET);
    parley_error told{};
    told.error_class = PARLEY_E_UNAUTHENTICATED;
    auto verdict = sized<parley_verdict>();
    provider.classify(account, nullptr, {}, told, memory, verdict);
    EXPECT_EQ(verdict.error.advice, unsigned{PARLEY_ADVICE_REFRESH});
}

}  // namespace

}  // namespace parley::example_login
