// What secrets say, and how service accounts get their tokens: each folder cases/login-* is one
// refresh, with what the world answers and the transcript of it.
#include "login.hpp"

#include "gemini_test.hpp"
#include "parley/sdk/op_stage.hpp"
#include "service_account.hpp"
#include "support/facts.hpp"
#include "token.hpp"

namespace parley::gemini {

namespace {

constexpr const char* kKey =
    R"({"type":"service_account","project_id":"p-1","private_key_id":"kid-1",)"
    R"("private_key":"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",)"
    R"("client_email":"robot@p-1.iam.example","token_uri":"https://token.example/token",)"
    R"("universe_domain":"googleapis.com"})";

// A host whose signatures can be read: the e2e tests verify real ones.
struct Signer {
    Signer() {
        crypto.struct_size = sizeof(crypto);
        crypto.sign_rs256 = [](const parley_host*,
                               parley_str pem,
                               parley_bytes,
                               uint8_t* out,
                               uint64_t* size) -> parley_status {
            if (!view(pem).starts_with("-----BEGIN PRIVATE KEY-----\n")) {
                return -PARLEY_E_INVALID_ARGUMENT;
            }
            constexpr std::string_view kSigned = "signed";
            std::copy(kSigned.begin(), kSigned.end(), out);
            *size = kSigned.size();
            return PARLEY_OK;
        };
        host.struct_size = sizeof(host);
        host.ctx = this;
        host.get_extension = [](const parley_host* h, parley_str) -> const void* {
            return &static_cast<Signer*>(h->ctx)->crypto;
        };
    }

    parley_host_crypto crypto{};
    parley_host host{};
};

Signer& signer() {
    static Signer one;
    return one;
}

struct Begun {
    explicit Begun(std::string_view secret, const std::string& settings = "{}")
        : login(&signer().host) {
        login.configure(settings);
        auto account = sized<parley_account>();
        account.secret = str(secret);
        op = login.refresh_begin(account);
    }

    stage::Stage on_stage() {
        return {&sdk::detail::op_table(), reinterpret_cast<parley_op*>(op.release())};
    }

    Login login;
    std::unique_ptr<sdk::Op> op;
};

class Refresh : public Case {
protected:
    Refresh() : Case("login") {}

    std::vector<stage::Answer> answers() const {
        return stage::read_answers(read_file(folder() / "answers.txt"));
    }
};

TEST_P(Refresh, GoesByItsTranscript) {
    stage::Stage play = Begun(kKey).on_stage();
    play.play(answers());
    EXPECT_EQ(play.broken, "");
    EXPECT_TRUE(play.is_over());
    expect("transcript.txt", play.transcript);
}

TEST_P(Refresh, CanBeCancelledAfterEveryStep) {
    const auto all = answers();
    for (std::size_t steps = 0; steps <= all.size(); ++steps) {
        stage::Stage play = Begun(kKey).on_stage();
        play.play({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(steps)});
        play.end();
        EXPECT_EQ(play.broken, "") << steps;
    }
}

TEST_P(Refresh, EndsWithAnErrorAtEveryStep) {
    const auto all = answers();
    for (std::size_t at = 0; at < all.size(); ++at) {
        for (int error_class = 1; error_class <= PARLEY_E_BUDGET; ++error_class) {
            stage::Stage play = Begun(kKey).on_stage();
            auto spoilt = all;
            spoilt[at] = {"fail", std::to_string(error_class) + " it broke", {}, ""};
            play.play(spoilt);
            EXPECT_EQ(play.broken, "") << at;
            EXPECT_EQ(play.status, -error_class) << at;
            EXPECT_EQ(play.message, "it broke");
            EXPECT_FALSE(play.published);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(cases, Refresh, testing::ValuesIn(cases_of("login")), test_name);

struct Facts : stage::Facts<Login> {
    explicit Facts(std::string_view secret) : stage::Facts<Login>(secret, "", &signer().host) {}
};

std::string why_not(std::string_view secret) {
    return stage::why_not<Facts>(secret);
}

TEST(Login, KnowsKeysOfAllKinds) {
    const Facts plain("AIzaSyA-0123456789abcdef");
    EXPECT_EQ(plain.told.flags, 0u);
    EXPECT_EQ(view(plain.told.label), "cdef");
    EXPECT_EQ(view(Facts("short").told.label), "");
    const Facts pending(kKey);
    EXPECT_EQ(pending.told.flags, PARLEY_SECRET_REFRESHABLE | PARLEY_SECRET_PENDING);
    EXPECT_EQ(view(pending.told.id), "robot@p-1.iam.example");
    EXPECT_EQ(view(pending.told.attributes),
              R"({"project_id":"p-1","client_email":"robot@p-1.iam.example"})");
    EXPECT_EQ(pending.told.expires_at_ms, 0);
    const Facts live(with_token(kKey, "at-1", 1'700'000'000'000).view());
    EXPECT_EQ(live.told.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(live.told.expires_at_ms, 1'700'000'000'000);
    EXPECT_EQ(view(live.told.id), "robot@p-1.iam.example");
}

TEST(Login, RefusesWhatIsNoKey) {
    const std::string front = "not the key of a service account: ";
    EXPECT_EQ(why_not("{"), front + "malformed JSON at byte 1");
    EXPECT_EQ(why_not("{}"), front + "its type is \"\"");
    EXPECT_EQ(why_not(R"({"type":"authorized_user"})"), front + "its type is \"authorized_user\"");
    EXPECT_EQ(why_not(R"({"type":"service_account"})"), front + "client_email is missing");
    EXPECT_EQ(why_not(R"({"type":"service_account","client_email":"a"})"),
              front + "private_key is missing");
    EXPECT_EQ(why_not(R"({"type":"service_account","client_email":"a","private_key":"x"})"),
              "private_key: not an RSA key of 2048 bits or more in PEM");
}

TEST(Login, KeepsWhatItDoesNotKnow) {
    const auto live = with_token(kKey, "at-1", 5);
    EXPECT_EQ(sdk::token_in(live.view()), "at-1");
    EXPECT_NE(live.view().find(R"("universe_domain":"googleapis.com")"), std::string::npos);
    const auto again = with_token(live.view(), "at-2", 6);
    EXPECT_EQ(sdk::token_in(again.view()), "at-2");
    EXPECT_EQ(again.view().find("at-1"), std::string::npos);
    EXPECT_EQ(again.view().size(), live.view().size());
    EXPECT_EQ(sdk::token_in(kKey), "");
    EXPECT_EQ(sdk::token_in("AIza"), "");
}

TEST(Login, BlanksProofs) {
    Login login(&signer().host);
    const codec::TestArena arena;
    sdk::Arena memory = arena.sdk();
    const auto live = with_token(kKey, "at-1", 5);
    const std::string shown(view(login.redact(live.view(), memory)));
    EXPECT_EQ(shown.find("at-1"), shown.npos);
    EXPECT_EQ(shown.find("BEGIN"), shown.npos);
    EXPECT_NE(shown.find("robot@p-1.iam.example"), shown.npos);
    EXPECT_EQ(view(login.redact("AIzaSyA-0123456789abcdef", memory)), "...cdef");
}

TEST(Login, AsksWhereTheSettingsSay) {
    stage::Stage play =
        Begun(kKey, R"({"vertex":true,"token_url":"http://127.0.0.1:9/t"})").on_stage();
    play.play(stage::read_answers("clock 1000\n---\n"));
    EXPECT_NE(play.transcript.find("POST http://127.0.0.1:9/t\n"), std::string::npos);
}

TEST(Login, ReadsDates) {
    EXPECT_EQ(read_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777'000);
    EXPECT_EQ(read_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    EXPECT_EQ(read_date("Thu, 29 Feb 2024 23:59:59 GMT"), 1'709'251'199'000);
    for (const char* bad : {"",
                            "Sunday, 06-Nov-94 08:49:37 GMT",
                            "Sun, 06 Nov 1994 08:49:37 CET",
                            "Sun, xx Nov 1994 08:49:37 GMT",
                            "Sun, 06 ovD 1994 08:49:37 GMT"}) {
        EXPECT_EQ(read_date(bad), 0) << bad;
    }
}

}  // namespace

}  // namespace parley::gemini
