// What secrets say, and how tokens are won and renewed: each folder cases/browser-* and
// cases/refresh-* is one op, with what the world answers and the transcript of it.
#include "login.hpp"

#include "claude_test.hpp"
#include "support/facts.hpp"

namespace parley::claude {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

constexpr std::string_view kSettings =
    R"({"authorize_url":"https://login.example/authorize","token_url":"https://api.example/token",)"
    R"("client_id":"client-1","scope":"user:profile user:inference","callback_port":54545})";

constexpr std::string_view kDocument =
    R"({"access_token":"at-0","expires_at_ms":1600000000000,"refresh_token":"rt-0-long-enough",)"
    R"("email":"me@example.com","account_uuid":"u-1","organization_uuid":"o-1","kept":[1,2]})";

class Op : public stage::OpCase {
protected:
    std::unique_ptr<sdk::Op> begin() override {
        Login login(stage::hashing_host());
        login.configure(kSettings);
        if (GetParam().starts_with("browser-")) {
            return login.login_begin(sized<parley_login_ask>());
        }
        auto account = sized<parley_account>();
        account.secret = str(kDocument);
        return login.refresh_begin(account);
    }
};

PARLEY_OP_TESTS(Op);

PARLEY_OP_CASES(Op, browser);
PARLEY_OP_CASES(Op, refresh);

struct Facts : stage::Facts<Login> {
    explicit Facts(std::string_view secret) : stage::Facts<Login>(secret, kSettings) {}
};

TEST(Login, KnowsKeysAndDocuments) {
    const Facts plain("sk-ant-api03-0123456789abcdefghij");
    EXPECT_EQ(plain.told.flags, 0u);
    EXPECT_EQ(view(plain.told.label), "ghij");
    const Facts live(kDocument);
    EXPECT_EQ(live.told.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(view(live.told.id), "u-1/o-1");
    EXPECT_EQ(view(live.told.label), "me@example.com");
    EXPECT_EQ(view(live.told.attributes),
              R"({"email":"me@example.com","organization_uuid":"o-1"})");
    EXPECT_EQ(live.told.expires_at_ms, 1'600'000'000'000);
    const Facts pending(R"({"refresh_token":"rt-0","email":"me@example.com"})");
    EXPECT_EQ(pending.told.flags, PARLEY_SECRET_REFRESHABLE | PARLEY_SECRET_PENDING);
    EXPECT_EQ(view(pending.told.id), "me@example.com");
    EXPECT_THROW(Facts("{}"), sdk::Failure);
}

TEST(Login, BlanksProofs) {
    Login login(stage::hashing_host());
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    EXPECT_EQ(view(login.redact(kDocument, memory)),
              R"({"access_token":"...","expires_at_ms":1600000000000,"refresh_token":"...",)"
              R"("email":"me@example.com","account_uuid":"u-1","organization_uuid":"o-1",)"
              R"("kept":[1,2]})");
    EXPECT_EQ(view(login.redact("sk-ant-api03-0123456789abcdefghij", memory)), "...ghij");
}

}  // namespace

}  // namespace parley::claude
