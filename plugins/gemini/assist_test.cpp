// Accounts of people who logged in: each folder cases/signin-* and cases/renew-* is one op, with
// what the world answers and the transcript of it; and Code Assist, which serves them.
#include "assist.hpp"

#include "gemini_test.hpp"
#include "login.hpp"
#include "provider.hpp"
#include "support/defaults.hpp"
#include "support/facts.hpp"

namespace parley::gemini {

namespace {

const std::string kUrls =
    R"("token_url":"https://token.example/token","authorize_url":"https://login.example/auth",)"
    R"("user_url":"https://user.example/me","projects_url":"https://projects.example/v1",)"
    R"("code_assist_url":"https://assist.example","callback_port":8085)";
const std::string kClient = R"("client_id":"client-1","client_secret":"hush-hush-hush",)";

constexpr std::string_view kDocument =
    R"({"access_token":"at-0","expires_at_ms":1600000000000,"refresh_token":"rt-0-long-enough",)"
    R"("project_id":"p-1","email":"me@example.com","kept":[1,2]})";

// What a case is begun with stands in its name: signin-vertex-*, signin-named-*, signin-*.
std::unique_ptr<sdk::Op> begun(const std::string& name) {
    Login login(stage::hashing_host());
    const bool is_vertex = name.starts_with("signin-vertex");
    login.configure("{" + kClient + kUrls + (is_vertex ? R"(,"vertex":true})" : "}"));
    if (name.starts_with("renew-")) {
        auto account = sized<parley_account>();
        account.secret = str(kDocument);
        return login.refresh_begin(account);
    }
    auto ask = sized<parley_login_ask>();
    ask.params = str(name.starts_with("signin-named") ? R"({"project":"p-named"})" : "{}");
    return login.login_begin(ask);
}

class PersonsOp : public stage::OpCase {
protected:
    std::unique_ptr<sdk::Op> begin() override { return begun(GetParam()); }
};

PARLEY_OP_TESTS(PersonsOp);

PARLEY_OP_CASES(PersonsOp, signin);
PARLEY_OP_CASES(PersonsOp, renew);

std::string why_not(const std::string& settings, std::string_view secret = {}) {
    Login login(stage::hashing_host());
    login.configure(settings);
    try {
        auto account = sized<parley_account>();
        account.secret = str(secret);
        secret.empty() ? login.login_begin(sized<parley_login_ask>())
                       : login.refresh_begin(account);
    } catch (const sdk::Failure& failure) {
        EXPECT_EQ(failure.error_class, PARLEY_E_CONFIG);
        return failure.message.substr(0, failure.message.find(';'));
    }
    return "none";
}

TEST(People, NeedAClientOfTheirOwn) {
    const std::string none = "{" + kUrls + "}";
    const std::string why = "client_id, client_secret: none are built in";
    EXPECT_EQ(why_not(none), why);
    EXPECT_EQ(why_not(none, kDocument), why);
    EXPECT_EQ(why_not(none, R"({"refresh_token":"rt","client_id":"a","client_secret":"b"})"),
              "none");
    EXPECT_EQ(why_not("{" + kClient + kUrls + "}", kDocument), "none");
}

struct Facts : stage::Facts<Login> {
    explicit Facts(std::string_view secret, const std::string& settings = "{}")
        : stage::Facts<Login>(secret, settings) {}
};

TEST(People, AreKnownByTheirTokens) {
    const Facts live(kDocument);
    EXPECT_EQ(live.told.flags, PARLEY_SECRET_REFRESHABLE);
    EXPECT_EQ(view(live.told.id), "me@example.com/p-1");
    EXPECT_EQ(view(live.told.label), "me@example.com");
    EXPECT_EQ(view(live.told.attributes),
              R"({"place":"code-assist","project_id":"p-1","email":"me@example.com"})");
    const Facts vertex(kDocument, R"({"vertex":true})");
    EXPECT_EQ(view(vertex.told.attributes), R"({"project_id":"p-1","email":"me@example.com"})");
    const Facts pending(R"({"type":"authorized_user","refresh_token":"rt"})",
                        R"({"project":"p-2"})");
    EXPECT_EQ(pending.told.flags, PARLEY_SECRET_REFRESHABLE | PARLEY_SECRET_PENDING);
    EXPECT_EQ(view(pending.told.attributes), R"({"place":"code-assist","project_id":"p-2"})");
}

// ---- Code Assist ----

struct Planned {
    Planned(const std::string& path,
            const std::string& body,
            uint32_t operation = PARLEY_OPERATION_GENERATE,
            std::string_view attributes = R"({"place":"code-assist","project_id":"p-1"})") {
        constexpr std::string_view kPlace = R"({"code_assist_url":"http://127.0.0.1:9/x/"})";
        provider.configure(with_defaults(kProviderSchema, kPlace));
        account.secret = str(kDocument);
        account.attributes = str(attributes);
        client.path = str(path);
        client.body = sdk::bytes(body);
        ask.operation = operation;
        ask.model = str("m-x");
        ask.path = str(path);
        ask.query = str("alt=sse");
        ask.account = &account;
        ask.client = &client;
        sdk::Arena memory = arena.sdk();
        wants = provider.wants(ask);
        provider.plan(ask, memory, plan);
        place = std::string(view(plan.origin)) + ' ' + std::string(view(plan.target));
        if (wants == 0) return;
        auto amendment = sized<parley_amendment>();
        provider.amend(ask, body, memory, amendment);
        std::size_t at = 0;
        for (uint64_t i = 0; i < amendment.edit_count; ++i) {
            const parley_edit& edit = amendment.edits[i];
            sent += body.substr(at, edit.at - at) + std::string(view(edit.text));
            at = edit.at + edit.len;
        }
        sent += body.substr(at);
    }

    Provider provider{nullptr};
    codec::TestArena arena;
    parley_account account = sized<parley_account>();
    parley_http_request client = sized<parley_http_request>();
    parley_plan_ask ask = sized<parley_plan_ask>();
    parley_plan plan = sized<parley_plan>();
    uint32_t wants = 0;
    std::string place;
    std::string sent;
};

TEST(Assist, GetsRequestsInEnvelopes) {
    const Planned one("/v1beta/models/m-x:streamGenerateContent", R"({"contents":[]})");
    EXPECT_EQ(one.wants, PARLEY_WANT_AMEND);
    EXPECT_EQ(one.place, "http://127.0.0.1:9 /x/v1internal:streamGenerateContent?alt=sse");
    EXPECT_EQ(one.sent, R"({"model":"m-x","project":"p-1","request":{"contents":[]}})");
    EXPECT_EQ(view(one.plan.headers[0].value), "Bearer at-0");
    const Planned count(
        "/v1/models/m-x:countTokens", R"({"contents":[]})", PARLEY_OPERATION_COUNT_TOKENS);
    EXPECT_EQ(count.place, "http://127.0.0.1:9 /x/v1internal:countTokens?alt=sse");
    EXPECT_EQ(count.sent, R"({"request":{"contents":[]}})");
}

TEST(Assist, IsAskedForNothingElse) {
    const auto why = [](const std::string& path,
                        uint32_t operation,
                        const std::string& body = R"({"contents":[]})") -> std::string {
        try {
            const Planned one(path, body, operation);
        } catch (const sdk::Failure& failure) {
            EXPECT_EQ(failure.error_class, PARLEY_E_UNSUPPORTED);
            return failure.message;
        }
        return "none";
    };
    const std::string answers =
        "an account that logged in answers and counts; for anything else use a key";
    EXPECT_EQ(why("/v1beta/models/m-x:embedContent", PARLEY_OPERATION_EMBED), answers);
    EXPECT_EQ(why("/v1beta/tunedModels/m-x:generateContent", PARLEY_OPERATION_GENERATE), answers);
    EXPECT_EQ(why("/v1beta/models/m-x:countTokens",
                  PARLEY_OPERATION_COUNT_TOKENS,
                  R"({"generateContentRequest":{}})"),
              "generateContentRequest: Code Assist counts what stands outside of it");
}

TEST(Assist, IsNotWhereServiceAccountsGo) {
    const Planned one("/v1beta/models/m-x:generateContent",
                      "{}",
                      PARLEY_OPERATION_GENERATE,
                      R"({"project_id":"p-1","client_email":"robot"})");
    EXPECT_EQ(one.wants, 0u);
    EXPECT_EQ(one.place,
              "https://generativelanguage.googleapis.com "
              "/v1beta/models/m-x:generateContent?alt=sse");
}

TEST(Assist, EnvelopesAreToldByTheirFirstName) {
    for (const char* none :
         {"x", "{}", "{ \"candidates\"", R"({"responseId")", "[{", R"({"error")"}) {
        EXPECT_EQ(wrapping_of(none), Wrapping::none) << none;
    }
    for (const char* unknown : {"", " ", "{", "{ \"", "{\"resp", R"({"response)", R"({"traceId)"}) {
        EXPECT_EQ(wrapping_of(unknown), Wrapping::unknown) << unknown;
    }
    for (const char* one : {R"({"response":)", " {\n \"traceId\" : "}) {
        EXPECT_EQ(wrapping_of(one), Wrapping::envelope) << one;
    }
    EXPECT_EQ(unwrapped(R"({"traceId":"t","response": {"a":1} })"), R"({"a":1})");
    EXPECT_EQ(unwrapped(R"({"candidates":[]})"), R"({"candidates":[]})");
    EXPECT_EQ(unwrapped(R"({"response":1})"), R"({"response":1})");
}

TEST(Assist, AnswersAreUnderstood) {
    const std::string first = R"({"candidates":[{"content":{"parts":[{"text":"Good "}]}}]})";
    const std::string last =
        R"({"candidates":[{"content":{"parts":[{"text":"day."}]},"finishReason":"STOP"}],)"
        R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}})";
    const auto envelope = [](const std::string& json) {
        return R"({"response":)" + json + R"(,"traceId":"t-1"})";
    };
    const auto read = [](const std::string& wire, bool stream) {
        return codec::lines(
            codec::joined(dialect().decode(codec::plain_request(), wire, stream, 3)));
    };
    EXPECT_EQ(read(envelope(last), false), read(last, false));
    const auto events = [](const std::string& a, const std::string& b) {
        return "data: " + a + "\n\ndata: " + b + "\n\n";
    };
    EXPECT_EQ(read(events(envelope(first), envelope(last)), true), read(events(first, last), true));
}

}  // namespace

}  // namespace parley::gemini
