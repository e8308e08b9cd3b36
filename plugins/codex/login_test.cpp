// What secrets say, and how tokens are won and renewed: each folder of cases/ is one op, with what
// the world answers and the transcript of it.
#include "login.hpp"

#include "claims.hpp"
#include "codec/codec.hpp"
#include "support/facts.hpp"

namespace parley::codex {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

constexpr std::string_view kSettings =
    R"({"base_url":"https://chat.example/codex","api_base_url":"https://api.example/v1",)"
    R"("issuer":"https://login.example","client_id":"client-1","callback_port":1455,)"
    R"("headers":{}})";

constexpr std::string_view kDocument =
    R"({"access_token":"at-0","expires_at_ms":1600000000000,"refresh_token":"rt-0-long-enough",)"
    R"("account_id":"acc-1","user":"user-1","email":"me@example.com","plan":"plus","kept":[1,2]})";

// A token that says this of itself.
std::string token(std::string_view claims) {
    std::string out = "e30.";
    sdk::append_base64url(claims, out);
    return out + ".c2ln";
}

constexpr std::string_view kClaims =
    R"({"iat":1600000000,"exp":1600864000,"email":"me@example.com",)"
    R"("https://api.openai.com/auth":{"chatgpt_account_id":"acc-1","chatgpt_plan_type":"team",)"
    R"("chatgpt_user_id":"user-1"}})";

class Op : public stage::OpCase {
protected:
    std::unique_ptr<sdk::Op> begin() override {
        Login login(stage::hashing_host());
        login.configure(kSettings);
        if (!GetParam().starts_with("refresh-")) {
            auto ask = sized<parley_login_ask>();
            ask.params = str(GetParam().starts_with("device-") ? R"({"device":true})"
                                                               : R"({"device":false})");
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

std::vector<std::string> all_ops() {
    std::vector<std::string> all;
    for (const char* subject : {"browser", "device", "refresh"}) {
        for (std::string& name : stage::op_cases_of(subject)) all.push_back(std::move(name));
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(cases, Op, testing::ValuesIn(all_ops()), stage::op_case_name);

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
    EXPECT_EQ(view(live.told.id), "acc-1/user-1");
    EXPECT_EQ(view(live.told.label), "me@example.com");
    EXPECT_EQ(view(live.told.attributes),
              R"({"account_id":"acc-1","email":"me@example.com","plan":"plus"})");
    EXPECT_EQ(live.told.expires_at_ms, 1'600'000'000'000);
    EXPECT_EQ(live.told.refresh_at_ms, 0);
    const Facts pending(R"({"refresh_token":"rt-0","account_id":"a","email":"b"})");
    EXPECT_EQ(pending.told.flags, PARLEY_SECRET_REFRESHABLE | PARLEY_SECRET_PENDING);
    EXPECT_EQ(view(pending.told.id), "a/b");
}

TEST(Login, KnowsByItsTokensWhatADocumentDoesNotSay) {
    const Facts told(R"({"access_token":")" + token(kClaims) + R"(","refresh_token":"r"})");
    EXPECT_EQ(view(told.told.id), "acc-1/user-1");
    EXPECT_EQ(view(told.told.label), "me@example.com");
    EXPECT_EQ(told.told.expires_at_ms, 1'600'864'000'000);
    EXPECT_EQ(told.told.refresh_at_ms, 1'600'432'000'000) << "half of its ten days";
}

TEST(Login, ReadsNothingFromWhatIsNoToken) {
    for (const char* bad : {"", "a", "a.b", "a.!.c", "a.bm8.c", "..", "e30.e30.e30"}) {
        EXPECT_EQ(claims_of(bad).account_id, "") << bad;
        EXPECT_EQ(claims_of(bad).expires_at_ms, 0) << bad;
    }
}

TEST(Login, RefusesWhatIsNoLogin) {
    EXPECT_EQ(why_not("{"), "not a login of ChatGPT: malformed JSON at byte 1");
    EXPECT_EQ(why_not("{}"), "not a login of ChatGPT: access_token and refresh_token are missing");
}

TEST(Login, BlanksProofs) {
    Login login(stage::hashing_host());
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    EXPECT_EQ(view(login.redact(kDocument, memory)),
              R"({"access_token":"...","expires_at_ms":1600000000000,"refresh_token":"...",)"
              R"("account_id":"acc-1","user":"user-1","email":"me@example.com","plan":"plus",)"
              R"("kept":[1,2]})");
    EXPECT_EQ(view(login.redact("sk-0123456789abcdefghij", memory)), "...ghij");
}

}  // namespace

}  // namespace parley::codex
