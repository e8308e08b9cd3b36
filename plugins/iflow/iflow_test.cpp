// What secrets say, where requests go, and how keys are won and renewed: each folder cases/code-*,
// cookie-*, refresh-* and renew-* is one op, with what the world answers and the transcript of it.
#include "codec/codec.hpp"
#include "envelope.hpp"
#include "login.hpp"
#include "provider.hpp"
#include "support/facts.hpp"

namespace parley::iflow {

namespace {

using codec::sized;
using codec::TestArena;
using sdk::str;
using sdk::view;

constexpr std::string_view kSettings =
    R"({"base_url":"https://api.example/v1","client_id":"client-1",)"
    R"("client_secret":"hush-hush-hush","authorize_url":"https://login.example/oauth",)"
    R"("token_url":"https://login.example/token","user_url":"https://login.example/user",)"
    R"("key_url":"https://keys.example/key","callback_port":11451,"headers":{}})";

constexpr std::string_view kDocument =
    R"({"api_key":"sk-0","access_token":"at-0","expires_at_ms":1600000000000,)"
    R"("refresh_token":"rt-0-long-enough","email":"me@example.com","kept":[1,2]})";

constexpr std::string_view kCookieDocument =
    R"({"api_key":"sk-0","expires_at_ms":1900000000000,"cookie":"BXAuth=crumbs-of-a-cookie;",)"
    R"("email":"me@example.com"})";

std::unique_ptr<sdk::Op> begun(std::string_view secret) {
    Login login(stage::hashing_host());
    login.configure(kSettings);
    auto account = sized<parley_account>();
    account.secret = str(secret);
    return login.refresh_begin(account);
}

std::unique_ptr<sdk::Op> begun_by(std::string_view params, std::string_view settings = kSettings) {
    Login login(stage::hashing_host());
    login.configure(settings);
    auto ask = sized<parley_login_ask>();
    ask.params = str(params);
    ask.callback_origin = str("http://127.0.0.1:8317");
    return login.login_begin(ask);
}

class Op : public stage::OpCase {
protected:
    std::unique_ptr<sdk::Op> begin() override {
        const std::string subject = GetParam().substr(0, GetParam().find('-'));
        if (subject == "code") return begun_by("{}");
        if (subject == "refresh") return begun(kDocument);
        if (subject == "renew") return begun(kCookieDocument);
        return begun_by(R"({"cookie":"BXAuth=crumbs-of-a-cookie;","email":""})");
    }

    // A key that is not told is asked for again.
    bool sees_errors() const override {
        return GetParam().starts_with("code-") || GetParam().starts_with("refresh-");
    }
};

PARLEY_OP_TESTS(Op);

PARLEY_OP_CASES(Op, code);
PARLEY_OP_CASES(Op, cookie);
PARLEY_OP_CASES(Op, refresh);
PARLEY_OP_CASES(Op, renew);

template <class What>
std::string why_not(What&& what) {
    try {
        what();
    } catch (const sdk::Failure& failure) {
        return failure.message;
    }
    return "none";
}

TEST(Login, SaysWhatItLacks) {
    constexpr std::string_view kNone = R"({"client_id":"client-1","callback_port":11451})";
    EXPECT_EQ(why_not([&] { begun_by("{}", kNone); }),
              "client_secret: none is built in; set it for this provider, such as client_secret = "
              "\"$IFLOW_CLIENT_SECRET\"");
    EXPECT_EQ(why_not([&] { begun_by(R"({"cookie":"BXAuth=a"})", kNone); }), "none");
    auto nowhere = sized<parley_login_ask>();
    nowhere.params = str("{}");
    Login login(stage::hashing_host());
    login.configure(R"({"client_secret":"x","callback_port":0})");
    EXPECT_EQ(why_not([&] { login.login_begin(nowhere); }),
              "no place for a browser to come back to");
}

TEST(Login, ComesBackToTheHostWhereNoPortIsSet) {
    auto op = begun_by("{}",
                       R"({"client_id":"c","client_secret":"x","callback_port":0,)"
                       R"("authorize_url":"https://login.example/oauth"})");
    stage::Stage play(&sdk::detail::op_table(), reinterpret_cast<parley_op*>(op.release()));
    play.play(
        stage::read_answers("random 0123456789abcdefghijklmnopqrstuvABCDEFGHIJKLMNOP\n---\n"));
    EXPECT_NE(play.transcript.find("redirect=http%3A%2F%2F127.0.0.1%3A8317%2Foauth2callback&"),
              std::string::npos);
    EXPECT_NE(play.transcript.find("callback 0 /oauth2callback"), std::string::npos);
}

TEST(Login, SaysWhenACookieIsNone) {
    auto op = begun_by(R"({"cookie":"SID=1"})");
    stage::Stage play(&sdk::detail::op_table(), reinterpret_cast<parley_op*>(op.release()));
    play.start();
    EXPECT_EQ(play.status, -PARLEY_E_INVALID_ARGUMENT);
    EXPECT_EQ(play.message, "cookie: it holds no BXAuth=...");
}

struct Facts : stage::Facts<Login> {
    explicit Facts(std::string_view secret) : stage::Facts<Login>(secret, "") {}
};

TEST(Login, KnowsKeysAndDocuments) {
    const Facts plain("sk-0123456789abcdefghij");
    EXPECT_EQ(plain.told.flags, 0u);
    EXPECT_EQ(view(plain.told.label), "ghij");
    const Facts live(kDocument);
    EXPECT_EQ(live.told.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(view(live.told.id), "me@example.com");
    EXPECT_EQ(view(live.told.attributes), R"({"email":"me@example.com"})");
    EXPECT_EQ(live.told.expires_at_ms, 1'600'000'000'000);
    EXPECT_EQ(live.told.refresh_at_ms, 0);
    const Facts cookie(kCookieDocument);
    EXPECT_EQ(cookie.told.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(cookie.told.expires_at_ms - cookie.told.refresh_at_ms, 48 * 3'600'000);
    const Facts pending(R"({"cookie":"BXAuth=a"})");
    EXPECT_EQ(pending.told.flags, PARLEY_SECRET_REFRESHABLE | PARLEY_SECRET_PENDING);
    const Facts fixed(R"({"api_key":"sk-0","expires_at_ms":5})");
    EXPECT_EQ(fixed.told.flags, 0u);
    EXPECT_EQ(fixed.told.expires_at_ms, 0);
}

TEST(Login, RefusesWhatIsNoLogin) {
    const std::string front = "not a login of iFlow: ";
    const auto why = [](std::string_view secret) { return why_not([&] { Facts f(secret); }); };
    EXPECT_EQ(why("{"), front + "malformed JSON at byte 1");
    EXPECT_EQ(why("{}"), front + "access_token and refresh_token are missing");
    EXPECT_EQ(why(R"({"access_token":"at"})"),
              front + "api_key, refresh_token and cookie are missing");
}

TEST(Login, BlanksProofs) {
    Login login(stage::hashing_host());
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    EXPECT_EQ(view(login.redact(kDocument, memory)),
              R"({"api_key":"...","access_token":"...","expires_at_ms":1600000000000,)"
              R"("refresh_token":"...","email":"me@example.com","kept":[1,2]})");
    EXPECT_EQ(view(login.redact(kCookieDocument, memory)),
              R"({"api_key":"...","expires_at_ms":1900000000000,"cookie":"...",)"
              R"("email":"me@example.com"})");
}

TEST(Login, ReadsTimes) {
    EXPECT_EQ(read_time("2025-12-31 23:59"), 1'767'196'740'000);
    EXPECT_EQ(read_time("2024-02-29 08:00"), 1'709'164'800'000);
    for (const char* bad : {"",
                            "2025-12-31",
                            "2025/12/31 23:59",
                            "2025-13-31 23:59",
                            "2025-12-31T23:59",
                            "x025-12-31 23:59"}) {
        EXPECT_EQ(read_time(bad), 0) << bad;
    }
}

std::string proof_of(std::string_view secret) {
    Provider provider(nullptr);
    provider.configure(kSettings);
    auto account = sized<parley_account>();
    account.secret = str(secret);
    auto ask = sized<parley_plan_ask>();
    ask.path = str("/v1/chat/completions");
    ask.account = &account;
    const TestArena arena;
    sdk::Arena memory = arena.sdk();
    auto plan = sized<parley_plan>();
    provider.plan(ask, memory, plan);
    EXPECT_EQ(view(plan.origin), "https://api.example");
    EXPECT_EQ(view(plan.target), "/v1/chat/completions");
    EXPECT_EQ(plan.header_count, 1u);
    EXPECT_EQ(plan.headers[0].flags, PARLEY_HEADER_SECRET);
    return std::string(view(plan.headers[0].value));
}

TEST(Provider, IsProvenByTheKey) {
    EXPECT_EQ(proof_of("sk-plain"), "Bearer sk-plain");
    EXPECT_EQ(proof_of(kDocument), "Bearer sk-0");
    EXPECT_EQ(proof_of(R"({"access_token":"at-0","api_key":"sk-1"})"), "Bearer sk-1");
}

TEST(Provider, OffersWhatItsOwnPlaceServes) {
    Provider own(nullptr);
    own.configure("{}");
    EXPECT_FALSE(own.models().empty());
    Provider other(nullptr);
    other.configure(kSettings);
    EXPECT_TRUE(other.models().empty());
}

}  // namespace

}  // namespace parley::iflow
