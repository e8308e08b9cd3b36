// What the host asks besides translation: routes, the model of a request, replies that pass by,
// errors, lists.
//
//   cases/tap-*     reply.http in; tap.txt is what the tap sees, and when
//   cases/error-*   reply.http in; told.txt is what is understood
#include <optional>
#include <random>

#include "gemini_test.hpp"

namespace parley::gemini {

namespace {

namespace json = boost::json;

constexpr const char* kStream = "/v1beta/models/m-x:streamGenerateContent";

// A call on a route, found as the host finds it.
class Call {
public:
    Call(const std::string& method, const std::string& target, std::string body = {})
        : target_(target), body_(std::move(body)) {
        const std::size_t query = target_.find('?');
        http.method = str(method);
        http.path = str(std::string_view(target_).substr(0, query));
        if (query != target_.npos) http.query = str(std::string_view(target_).substr(query + 1));
        http.body = sdk::bytes(body_);
        call.http = &http;
        uint32_t count = 0;
        const parley_route* routes = dialect().table().routes(dialect().self(), &count);
        for (uint32_t i = 0; i < count; ++i) {
            if (view(routes[i].method) == method && fits(view(routes[i].path))) {
                call.route = routes[i].number;
                call.operation = routes[i].operation;
                ++found;
            }
        }
    }

    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    parley_peek peek() {
        auto peeked = sized<parley_peek>();
        auto error = sized<parley_error>();
        error.arena = arena.border();
        const auto status =
            dialect().table().peek(dialect().self(), &call, arena.border(), &peeked, &error);
        EXPECT_EQ(status, PARLEY_OK);
        return peeked;
    }

    // Path, query and body as they go to an upstream that serves `model`.
    std::string retargeted(const std::string& model) {
        const parley_peek peeked = peek();
        auto changes = sized<parley_retarget>();
        auto error = sized<parley_error>();
        error.arena = arena.border();
        const auto status = dialect().table().retarget(
            dialect().self(), &call, &peeked, str(model), arena.border(), &changes, &error);
        EXPECT_EQ(status, PARLEY_OK);
        std::string text(changes.path.len != 0 ? view(changes.path) : view(http.path));
        const parley_str query = changes.path.len != 0 ? changes.query : http.query;
        if (query.len != 0) text += '?' + std::string(view(query));
        text += '\n';
        std::size_t at = 0;
        for (uint64_t i = 0; i < changes.edit_count; ++i) {
            const parley_edit& edit = changes.edits[i];
            EXPECT_GE(edit.at, at);
            text += body_.substr(at, edit.at - at);
            text += view(edit.text);
            at = edit.at + edit.len;
        }
        return text + body_.substr(at);
    }

    uint32_t match(const std::string& header) {
        const parley_header headers[] = {{str(header), str("x"), 0}};
        http.headers = headers;
        http.header_count = header.empty() ? 0 : 1;
        return dialect().table().match(dialect().self(), &call);
    }

    codec::TestArena arena;
    parley_http_request http = sized<parley_http_request>();
    parley_call call = sized<parley_call>();
    int found = 0;

private:
    bool fits(std::string_view route) {
        const std::string_view asked = view(http.path);
        const std::size_t brace = route.find("{model}");
        if (brace == route.npos) return asked == route;
        const std::string_view before = route.substr(0, brace);
        const std::string_view after = route.substr(brace + 7);
        const bool fit = asked.starts_with(before) && asked.ends_with(after) &&
                         asked.size() > before.size() + after.size();
        if (!fit) return false;
        const std::size_t size = asked.size() - before.size() - after.size();
        call.path_model = str(asked.substr(before.size(), size));
        return true;
    }

    std::string target_;
    std::string body_;
};

// ---- routes ----

TEST(Routes, AreFoundOnce) {
    for (const char* version : {"/v1beta/", "/v1/"}) {
        for (const char* collection : {"models/", "tunedModels/"}) {
            for (const char* method : {"generateContent",
                                       "streamGenerateContent",
                                       "countTokens",
                                       "embedContent",
                                       "batchEmbedContents",
                                       "predict",
                                       "predictLongRunning"}) {
                const std::string path = std::string(version) + collection + "m:x/y:" + method;
                EXPECT_EQ(Call("POST", path).found, 1) << path;
            }
        }
        EXPECT_EQ(Call("GET", std::string(version) + "models").found, 1);
        EXPECT_EQ(Call("GET", std::string(version) + "models/m").found, 1);
    }
    EXPECT_EQ(Call("POST", "/v1beta/models/m:unknown").found, 0);
    EXPECT_EQ(Call("POST", "/v1beta/models/:generateContent").found, 0);
}

TEST(Routes, SharedOnesAreTakenFromGooglesClientsOnly) {
    EXPECT_EQ(Call("GET", "/v1/models").match(""), 0u);
    EXPECT_EQ(Call("GET", "/v1/models").match("X-Goog-Api-Client"), 3u);
    EXPECT_EQ(Call("GET", "/v1/models/m").match("authorization"), 0u);
    EXPECT_EQ(Call("GET", "/v1beta/models").match(""), 1u);
}

TEST(Peek, FindsTheModelInThePath) {
    for (const auto& [path, model] : std::vector<std::pair<std::string, std::string>>{
             {"/v1beta/models/gemini-x:generateContent", "gemini-x"},
             {"/v1/models/a/b:c:countTokens", "a/b:c"},
             {"/v1beta/models/models/x:generateContent", "x"},
             {"/v1beta/tunedModels/t-1:generateContent", "tunedModels/t-1"}}) {
        EXPECT_EQ(view(Call("POST", path).peek().model), model);
    }
    const auto stream = PARLEY_PEEK_STREAM | PARLEY_PEEK_WANTS_USAGE;
    EXPECT_EQ(Call("POST", kStream).peek().flags, stream);
    EXPECT_EQ(Call("POST", "/v1/models/m:generateContent").peek().flags, 0u);
}

TEST(Retarget, ChangesThePath) {
    const std::string body = R"({"contents": [], "x":1})";
    EXPECT_EQ(Call("POST", std::string(kStream) + "?alt=sse&a=b", body).retargeted("m-x"),
              std::string(kStream) + "?alt=sse&a=b\n" + body);
    EXPECT_EQ(Call("POST", std::string(kStream) + "?alt=sse&a=b", body).retargeted("other/m 1?"),
              "/v1beta/models/other/m%201%3F:streamGenerateContent?alt=sse&a=b\n" + body);
    EXPECT_EQ(Call("POST", "/v1/models/m:generateContent", body).retargeted("tunedModels/t"),
              "/v1/tunedModels/t:generateContent\n" + body);
}

TEST(Retarget, ChangesTheNameInTheBodyToo) {
    Call batch("POST",
               "/v1beta/models/e-1:batchEmbedContents",
               R"({"requests":[{"model": "models/e-1","x":1},{"model":"models/e-2"}],"a":"e-1"})");
    EXPECT_EQ(batch.retargeted("e\"9"),
              "/v1beta/models/e%229:batchEmbedContents\n"
              R"({"requests":[{"model": "models/e\"9","x":1},{"model":"models/e-2"}],"a":"e-1"})");
    Call count("POST",
               "/v1beta/models/m:countTokens",
               R"({"generate_content_request":{"model":"models/m","contents":[]}})");
    EXPECT_EQ(count.retargeted("n"),
              "/v1beta/models/n:countTokens\n"
              R"({"generate_content_request":{"model":"models/n","contents":[]}})");
    Call plain(
        "POST", "/v1/models/m:generateContent", R"({"model":"m","contents":[{"model":"m"}]})");
    EXPECT_EQ(plain.retargeted("n"),
              "/v1/models/n:generateContent\n"
              R"({"model":"models/n","contents":[{"model":"m"}]})");
    // What is no JSON is for the upstream to refuse.
    EXPECT_EQ(Call("POST", "/v1/models/m:generateContent", R"({"model":"m")").retargeted("n"),
              "/v1/models/n:generateContent\n{\"model\":\"m\"");
}

// Envelopes of the host come back from clients that changed from a translated model to a native.
TEST(Retarget, LetsNoEnvelopePass) {
    const std::string text = R"({"text":"say \"thoughtSignature\":\"cGwxLnR\" and \"cGwxL"})";
    Call call("POST",
              "/v1/models/m:generateContent",
              R"({"contents":[{"parts":[{"functionCall":{},"thoughtSignature" : "cGwxLnRhZw=="},)" +
                  text +
                  R"(,{"text":"","thought_signature":"cGwxLg"},{"x":"cGwxL1"},)"
                  R"({"thoughtSignature":"c2ln"}]}]})");
    EXPECT_EQ(call.retargeted("m"),
              "/v1/models/m:generateContent\n"
              R"({"contents":[{"parts":[{"functionCall":{},"thoughtSignature" : )"
              R"("skip_thought_signature_validator"},)" +
                  text +
                  R"(,{"text":"","thought_signature":"skip_thought_signature_validator"},)"
                  R"({"x":"cGwxL1"},{"thoughtSignature":"c2ln"}]}]})");
}

// ---- taps ----

struct Seen {
    parley_status status = PARLEY_OK;
    uint32_t state = PARLEY_TAP_OPEN;
    std::vector<uint64_t> usage;
    int error_class = 0;
    std::string error;
    std::string taken;

    bool operator==(const Seen&) const = default;
};

class Watched {
public:
    explicit Watched(const std::string& target)
        : call_(target.find(':') == target.npos ? "GET" : "POST", target) {
        auto open = sized<parley_tap_open>();
        auto head = sized<parley_http_reply_head>();
        const auto peeked = sized<parley_peek>();
        head.status = 200;
        open.call = &call_.call;
        open.peek = &peeked;
        open.head = &head;
        EXPECT_EQ(dialect().table().tap_open(dialect().self(), &open, &session_, nullptr),
                  PARLEY_OK);
        tap_.error.arena = arena_.border();
    }

    ~Watched() { dialect().table().tap_close(session_); }

    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    void feed(std::string_view piece, bool eof) {
        if (seen.status != PARLEY_OK) return;
        held_ += piece;
        const std::string copy = held_;
        auto error = sized<parley_error>();
        error.arena = arena_.border();
        seen.status =
            dialect().table().tap_feed(session_, sdk::bytes(copy), eof ? 1 : 0, &tap_, &error);
        seen.state = tap_.state;
        const parley_usage& u = tap_.usage;
        seen.usage = {
            u.known, u.input_total, u.input_cache_read, u.output_total, u.output_reasoning};
        const parley_error& why = seen.status != PARLEY_OK ? error : tap_.error;
        seen.error_class = why.error_class;
        seen.error = view(why.message);
        if (seen.status != PARLEY_OK) return;
        std::size_t at = 0;
        for (uint64_t i = 0; i < tap_.cut_count; ++i) {
            seen.taken += copy.substr(at, tap_.cuts[i].at - at);
            at = tap_.cuts[i].at + tap_.cuts[i].len;
        }
        seen.taken += copy.substr(at, tap_.taken - at);
        held_.erase(0, tap_.taken);
        EXPECT_TRUE(!eof || held_.empty());
    }

    std::string fail() {
        codec::TestOut out;
        auto error = sized<parley_error>();
        error.error_class = PARLEY_E_UPSTREAM_PROTOCOL;
        error.message = str("cut");
        dialect().table().tap_fail(session_, &error, &out.border);
        return out.bytes;
    }

    Seen seen;

private:
    Call call_;
    codec::TestArena arena_;
    parley_session* session_ = nullptr;
    parley_tap tap_ = sized<parley_tap>();
    std::string held_;
};

Seen watch(const std::string& target, std::string_view body, std::size_t piece = 0) {
    Watched watched(target);
    if (piece == 0) piece = body.size() + 1;
    for (std::size_t at = 0; at < body.size(); at += piece) {
        watched.feed(body.substr(at, piece), at + piece >= body.size());
    }
    if (body.empty()) watched.feed({}, true);
    return watched.seen;
}

struct TapCase : Case {
    TapCase() : Case("tap"), reply(input("reply.http")) {}

    Message reply;
};

INSTANTIATE_TEST_SUITE_P(cases, TapCase, testing::ValuesIn(cases_of("tap")), test_name);

std::string since(const std::string& target, std::string_view body, uint32_t state) {
    Watched watched(target);
    for (std::size_t i = 0; i < body.size(); ++i) {
        watched.feed(body.substr(i, 1), false);
        if (watched.seen.status != PARLEY_OK) break;
        if (watched.seen.state >= state) return "byte " + std::to_string(i + 1);
    }
    return "never";
}

std::string complete_with(const std::string& target, std::string_view body) {
    for (std::size_t size = 0; size <= body.size(); ++size) {
        const Seen seen = watch(target, body.substr(0, size));
        if (seen.status == PARLEY_OK && seen.state == PARLEY_TAP_COMPLETE) {
            return "byte " + std::to_string(size);
        }
    }
    return "never";
}

TEST_P(TapCase, SeesWhatItShould) {
    constexpr const char* kStates[] = {"", "open", "content", "complete", "failed"};
    const Seen seen = watch(reply.first, reply.body);
    std::string text = std::string("state: ") + kStates[seen.state] + '\n';
    if (seen.status != PARLEY_OK) {
        text = "refused after " + std::to_string(seen.taken.size()) + '\n';
    }
    text += "bytes: " + std::to_string(reply.body.size()) + '\n';
    text += "content since: " + since(reply.first, reply.body, PARLEY_TAP_CONTENT) + '\n';
    text += "decided since: " + since(reply.first, reply.body, PARLEY_TAP_COMPLETE) + '\n';
    text += "complete with: " + complete_with(reply.first, reply.body) + '\n';
    text += "usage:";
    for (const uint64_t n : seen.usage) text += ' ' + std::to_string(n);
    text += '\n';
    if (seen.error_class != 0) {
        text += "error: class " + std::to_string(seen.error_class) + ": " + seen.error + '\n';
    }
    expect("tap.txt", text);
}

// The reply as Code Assist would give it: each object in an envelope, but for errors.
std::string enveloped(const std::string& target, const std::string& body) {
    const auto wrap = [](const std::string& json) {
        const bool is_answer = json.starts_with('{') && json.find("\"error\"") == json.npos;
        return is_answer ? R"({ "response" : )" + json + R"(, "traceId": "t-1"})" : json;
    };
    if (target.find(":predict") != target.npos) return body;  // passes unseen
    if (target.find(":stream") == target.npos) return body.ends_with('}') ? wrap(body) : body;
    std::string out;
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find('{');
        const std::string front = line.substr(0, std::min(at, line.size()));
        const bool is_front = front.empty() || front == "data: " || front == "[" || front == ",";
        const bool is_whole = is_front && line.ends_with('}');
        out += is_whole ? line.substr(0, at) + wrap(line.substr(at)) : line;
        if (!lines.eof()) out += '\n';
    }
    return out;
}

TEST_P(TapCase, CutsEnvelopes) {
    const Seen wanted = watch(reply.first, reply.body);
    const std::string body = enveloped(reply.first, reply.body);
    for (const std::size_t piece : {0, 1, 2, 5, 17}) {
        const Seen seen = watch(reply.first, body, piece);
        EXPECT_EQ(seen.status, wanted.status) << piece << '\n' << body;
        EXPECT_TRUE(wanted.status != PARLEY_OK || seen == wanted) << piece << '\n' << seen.taken;
    }
}

TEST_P(TapCase, SeesTheSameHoweverCut) {
    const Seen wanted = watch(reply.first, reply.body);
    for (const std::size_t piece : {1, 2, 5, 17}) {
        const Seen seen = watch(reply.first, reply.body, piece);
        EXPECT_EQ(seen.status, wanted.status) << piece;
        EXPECT_TRUE(wanted.status != PARLEY_OK || seen == wanted) << piece;
    }
    if (wanted.status == PARLEY_OK) {
        EXPECT_EQ(wanted.taken, reply.body);
    }
}

TEST_P(TapCase, SurvivesNoise) {
    std::mt19937 random(5);
    for (int i = 0; i < 200; ++i) {
        std::string bent = reply.body;
        bent[random() % bent.size()] = static_cast<char>(random() % 256);
        const Seen seen = watch(reply.first, bent, random() % 9);
        EXPECT_TRUE(seen.status == PARLEY_OK || seen.error_class == PARLEY_E_UPSTREAM_PROTOCOL);
    }
}

TEST(Tap, FailsInTheFormOfItsStream) {
    const std::string error = R"({"error":{"code":502,"message":"cut","status":"INTERNAL"}})";
    const std::string chunk = R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})";
    Watched events(std::string(kStream) + "?alt=sse");
    events.feed("data: " + chunk + "\n\n", false);
    EXPECT_EQ(events.fail(), "data: " + error + "\n\n");
    Watched silent(kStream);
    EXPECT_EQ(silent.fail(), "[" + error + "\n]");
    Watched array(kStream);
    array.feed("[" + chunk + "\n", false);
    EXPECT_EQ(array.fail(), "," + error + "\n]");
    EXPECT_TRUE(json::parse("[" + chunk + array.fail()).is_array());
    Watched begun(kStream);
    begun.feed("[", false);
    EXPECT_EQ(begun.fail(), error + "\n]");
    Watched whole("/v1beta/models/m:generateContent");
    EXPECT_EQ(whole.fail(), "");
}

// ---- errors ----

parley_error decoded(uint32_t status,
                     std::string_view body,
                     const codec::TestArena& arena,
                     std::string_view retry_after = {}) {
    const parley_header headers[] = {{str("Retry-After"), str(retry_after), 0}};
    auto head = sized<parley_http_reply_head>();
    head.status = status;
    head.headers = headers;
    head.header_count = retry_after.empty() ? 0 : 1;
    auto told = sized<parley_error>();
    told.arena = arena.border();
    EXPECT_EQ(dialect().table().decode_error(
                  dialect().self(), &head, sdk::bytes(body), arena.border(), &told),
              PARLEY_OK);
    return told;
}

struct ErrorCase : Case {
    ErrorCase() : Case("error") {}
};

INSTANTIATE_TEST_SUITE_P(cases, ErrorCase, testing::ValuesIn(cases_of("error")), test_name);

TEST_P(ErrorCase, IsUnderstood) {
    const Message reply = input("reply.http");
    const auto status = static_cast<uint32_t>(std::stoul(reply.first));
    const codec::TestArena arena;
    const auto told = decoded(status, reply.body, arena, reply.header("retry-after"));
    expect("told.txt",
           "class " + std::to_string(told.error_class) + ", status " +
               std::to_string(told.http_status) + ", param \"" + std::string(view(told.param)) +
               "\"\nretry after: " + std::to_string(told.retry_after_ms) + " ms\n" +
               std::string(view(told.message)) + '\n');
    for (std::size_t size = 0; size < reply.body.size(); ++size) {
        EXPECT_NE(decoded(status, reply.body.substr(0, size), arena).message.len, 0u);
    }
}

struct Written {
    uint32_t status = 0;
    std::string retry_after;
    std::string body;
};

Written written(const parley_error& error) {
    const codec::TestArena arena;
    codec::TestOut out;
    auto reply = sized<parley_http_reply>();
    EXPECT_EQ(dialect().table().encode_error(
                  dialect().self(), nullptr, &error, arena.border(), &reply, &out.border),
              PARLEY_OK);
    Written w{reply.status, "", out.bytes};
    for (uint64_t i = 0; i < reply.header_count; ++i) w.retry_after = view(reply.headers[i].value);
    return w;
}

TEST(Errors, KeepTheirKindThereAndBack) {
    for (const int kind : {PARLEY_E_INVALID_ARGUMENT,
                           PARLEY_E_UNAUTHENTICATED,
                           PARLEY_E_FORBIDDEN,
                           PARLEY_E_NOT_FOUND,
                           PARLEY_E_CONFLICT,
                           PARLEY_E_PRECONDITION,
                           PARLEY_E_RATE_LIMITED,
                           PARLEY_E_QUOTA_EXHAUSTED,
                           PARLEY_E_OVERLOADED,
                           PARLEY_E_TIMEOUT,
                           PARLEY_E_UPSTREAM_FAILED}) {
        auto error = sized<parley_error>();
        error.error_class = kind;
        error.message = str("why");
        error.param = str("contents[0]");
        error.retry_after_ms = 34400;
        const Written w = written(error);
        const json::value body = json::parse(w.body);
        EXPECT_EQ(body.at("error").at("code"), w.status);
        EXPECT_EQ(w.retry_after, "35");
        const codec::TestArena arena;
        const auto back = decoded(w.status, w.body, arena);
        EXPECT_EQ(back.error_class, kind);
        EXPECT_EQ(back.retry_after_ms, 34400u);
        EXPECT_EQ(view(back.param), "contents[0]");
        EXPECT_EQ(view(back.message), "why");
    }
}

TEST(Errors, HaveAStatusThatClientsKnow) {
    auto error = sized<parley_error>();
    error.message = str("m");
    for (const auto& [told, wanted] :
         std::vector<std::pair<uint32_t, uint32_t>>{{0, 503}, {529, 503}, {502, 502}}) {
        error.error_class = PARLEY_E_OVERLOADED;
        error.http_status = told;
        EXPECT_EQ(written(error).status, wanted);
    }
    error.error_class = PARLEY_E_PAYMENT_REQUIRED;
    error.http_status = 402;
    EXPECT_EQ(written(error).status, 429u);
    error.error_class = PARLEY_E_TOO_LARGE;
    error.http_status = 413;
    EXPECT_EQ(written(error).status, 400u);
}

// ---- lists and counts ----

std::string models(const std::string& target, std::size_t count) {
    Call call("GET", target);
    std::vector<parley_model> all(count, sized<parley_model>());
    std::vector<const parley_model*> list;
    std::vector<std::string> names(count);
    for (std::size_t i = 0; i < count; ++i) {
        names[i] = "m-" + std::to_string(i);
        all[i].id = str(names[i]);
        list.push_back(&all[i]);
    }
    if (count != 0) {
        all[0].title = str("The First");
        all[0].context_max = 1000;
        all[0].output_max = 10;
    }
    codec::TestOut out;
    auto reply = sized<parley_http_reply>();
    auto error = sized<parley_error>();
    error.arena = call.arena.border();
    const auto status = dialect().table().encode_models(dialect().self(),
                                                        &call.call,
                                                        list.data(),
                                                        count,
                                                        call.arena.border(),
                                                        &reply,
                                                        &out.border,
                                                        &error);
    return status == PARLEY_OK ? out.bytes : "refused " + std::to_string(status);
}

TEST(Models, AreListedPageByPage) {
    EXPECT_EQ(models("/v1beta/models/m-0", 1),
              R"({"name":"models/m-0","version":"001","displayName":"The First",)"
              R"("description":"","inputTokenLimit":1000,"outputTokenLimit":10,)"
              R"("supportedGenerationMethods":["generateContent","streamGenerateContent",)"
              R"("countTokens"]})");
    EXPECT_EQ(models("/v1beta/models/m-0", 0), "refused -3");
    EXPECT_EQ(models("/v1beta/models", 0), R"({"models":[]})");
    const auto first = json::parse(models("/v1beta/models", 120));
    EXPECT_EQ(first.at("models").as_array().size(), 50u);
    EXPECT_EQ(first.at("nextPageToken"), "50");
    const auto last = json::parse(models("/v1beta/models?pageSize=100&pageToken=50", 120));
    EXPECT_EQ(last.at("models").as_array().size(), 70u);
    EXPECT_FALSE(last.as_object().contains("nextPageToken"));
    EXPECT_EQ(json::parse(models("/v1/models?pageToken=x", 3)).at("models").as_array().size(), 3u);
}

TEST(Count, IsWritten) {
    Call call("POST", "/v1beta/models/m:countTokens");
    codec::TestOut out;
    auto reply = sized<parley_http_reply>();
    EXPECT_EQ(
        dialect().table().encode_count(
            dialect().self(), &call.call, 42, call.arena.border(), &reply, &out.border, nullptr),
        PARLEY_OK);
    EXPECT_EQ(out.bytes, R"({"totalTokens":42})");
    EXPECT_EQ(reply.status, 200u);
}

}  // namespace

}  // namespace parley::gemini
