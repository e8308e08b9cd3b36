// What secrets say, where requests go, and how tokens are won and renewed: each folder
// cases/device-* and cases/refresh-* is one op, with what the world answers and the transcript of
// it.
#include "codec/codec.hpp"
#include "login.hpp"
#include "provider.hpp"
#include "support/facts.hpp"

namespace parley::qwen {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

constexpr std::string_view kSettings =
    R"({"base_url":"","client_id":"client-1","device_url":"https://login.example/device",)"
    R"("token_url":"https://login.example/token","scope":"openid model.completion",)"
    R"("headers":{"x-team":"a"}})";

constexpr std::string_view kDocument =
    R"({"access_token":"at-0","expires_at_ms":1600000000000,"refresh_token":"rt-0-long-enough",)"
    R"("resource_url":"portal.example","email":"me@example.com","kept":[1,2]})";

class Op : public stage::OpCase {
protected:
    std::unique_ptr<sdk::Op> begin() override {
        Login login(stage::hashing_host());
        login.configure(kSettings);
        if (GetParam().starts_with("device-")) {
            auto ask = sized<parley_login_ask>();
            ask.params = str(R"({"email":"me@example.com"})");
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

struct Facts : stage::Facts<Login> {
    explicit Facts(std::string_view secret) : stage::Facts<Login>(secret, kSettings) {}
};

std::string why_not(std::string_view secret) {
    return stage::why_not<Facts>(secret);
}

TEST(Login, KnowsKeysAndDocuments) {
    const Facts plain("sk-0123456789abcdefghij");
    EXPECT_EQ(plain.told.flags, 0u);
    EXPECT_EQ(view(plain.told.label), "ghij");
    const Facts live(kDocument);
    EXPECT_EQ(live.told.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(view(live.told.id), "me@example.com");
    EXPECT_EQ(view(live.told.label), "me@example.com");
    EXPECT_EQ(view(live.told.attributes),
              R"({"email":"me@example.com","resource_url":"portal.example"})");
    EXPECT_EQ(live.told.expires_at_ms, 1'600'000'000'000);
    const Facts pending(R"({"refresh_token":"rt-0"})");
    EXPECT_EQ(pending.told.flags, PARLEY_SECRET_REFRESHABLE | PARLEY_SECRET_PENDING);
    const Facts fixed(R"({"access_token":"at-0"})");
    EXPECT_EQ(fixed.told.flags, 0u);
}

TEST(Login, RefusesWhatIsNoLogin) {
    EXPECT_EQ(why_not("{"), "not a login of Qwen: malformed JSON at byte 1");
    EXPECT_EQ(why_not("{}"), "not a login of Qwen: access_token and refresh_token are missing");
    EXPECT_EQ(why_not(R"({"access_token":"a","resource_url":"http://elsewhere.example"})"),
              "resource_url: \"http://elsewhere.example/v1\" is not an https address");
    EXPECT_EQ(why_not(R"({"access_token":"a","resource_url":"https://user@elsewhere.example"})"),
              "resource_url: \"https://user@elsewhere.example/v1\" is not like "
              "https://host[:port]/path");
    EXPECT_EQ(why_not(R"({"access_token":"a","resource_url":"http://127.0.0.1:9"})"), "none");
}

TEST(Login, BlanksProofs) {
    Login login(stage::hashing_host());
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    EXPECT_EQ(view(login.redact(kDocument, memory)),
              R"({"access_token":"...","expires_at_ms":1600000000000,"refresh_token":"...",)"
              R"("resource_url":"portal.example","email":"me@example.com","kept":[1,2]})");
    EXPECT_EQ(view(login.redact("sk-0123456789abcdefghij", memory)), "...ghij");
}

// Where a request goes and what proves it: "origin target header: value ...".
std::string planned(std::string_view secret,
                    std::string_view attributes = {},
                    std::string_view settings = kSettings) {
    Provider provider(nullptr);
    provider.configure(settings);
    auto account = sized<parley_account>();
    account.secret = str(secret);
    account.attributes = str(attributes);
    auto ask = sized<parley_plan_ask>();
    ask.path = str("/v1/chat/completions");
    ask.query = str("a=b");
    ask.account = &account;
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto plan = sized<parley_plan>();
    provider.plan(ask, memory, plan);
    std::string out = std::string(view(plan.origin)) + ' ' + std::string(view(plan.target));
    for (uint64_t i = 0; i < plan.header_count; ++i) {
        const parley_header& h = plan.headers[i];
        out += ' ' + std::string(view(h.name)) + ": " + std::string(view(h.value));
        const bool is_secret = (h.flags & PARLEY_HEADER_SECRET) != 0;
        EXPECT_EQ(is_secret, view(h.name) == "authorization");
    }
    return out;
}

TEST(Provider, GoesWhereTheLoginSays) {
    const std::string path = "/v1/chat/completions?a=b x-team: a authorization: Bearer at-0";
    EXPECT_EQ(planned(kDocument), "https://portal.qwen.ai " + path);
    EXPECT_EQ(planned(kDocument, R"({"resource_url":"portal.example"})"),
              "https://portal.example " + path);
    EXPECT_EQ(planned(kDocument, R"({"resource_url":"https://a.example/x/v1/"})"),
              "https://a.example /x" + path);
    EXPECT_EQ(planned("sk-key"),
              "https://dashscope.aliyuncs.com /compatible-mode/v1/chat/completions?a=b x-team: a "
              "authorization: Bearer sk-key");
}

TEST(Provider, SettingsWin) {
    constexpr std::string_view kElsewhere = R"({"base_url":"http://127.0.0.1:9/api/v1/"})";
    const std::string place = "http://127.0.0.1:9 /api/v1/chat/completions?a=b authorization: ";
    EXPECT_EQ(planned(kDocument, R"({"resource_url":"portal.example"})", kElsewhere),
              place + "Bearer at-0");
    EXPECT_EQ(planned("sk-key", {}, kElsewhere), place + "Bearer sk-key");
    EXPECT_THROW(planned("sk-key", {}, R"({"base_url":"ftp://x"})"), sdk::Failure);
    Provider provider(nullptr);
    provider.configure(kElsewhere);
    EXPECT_TRUE(provider.models().empty());
    Provider own(nullptr);
    own.configure(kSettings);
    EXPECT_FALSE(own.models().empty());
}

TEST(Provider, RenewsWhatALoginMadeAndNothingElse) {
    Provider provider(nullptr);
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto account = sized<parley_account>();
    const auto advice = [&](std::string_view secret, int32_t error_class) {
        account.secret = str(secret);
        parley_error told{};
        told.error_class = error_class;
        auto verdict = sized<parley_verdict>();
        provider.classify(account, nullptr, {}, told, memory, verdict);
        EXPECT_EQ(verdict.error.error_class, error_class);
        return verdict.error.advice;
    };
    EXPECT_EQ(advice(kDocument, PARLEY_E_UNAUTHENTICATED), PARLEY_ADVICE_REFRESH);
    EXPECT_EQ(advice(kDocument, PARLEY_E_QUOTA_EXHAUSTED), 0u);
    EXPECT_EQ(advice("sk-key", PARLEY_E_UNAUTHENTICATED), 0u);
}

}  // namespace

}  // namespace parley::qwen
