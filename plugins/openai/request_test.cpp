// Requests: what cases/ would only repeat, what is too large for it, and what must not crash.
#include <algorithm>
#include <random>

#include "openai_test.hpp"

namespace parley::openai {

namespace {

constexpr uint32_t kAddUsage = PARLEY_RETARGET_ADD_USAGE;

// ---- stream_options ----

struct Options {
    const char* given;
    const char* sent;
};

// What is not listed here as changed is the upstream's to refuse.
const std::vector<Options> kOptions{
    {"null", R"({"include_usage":true})"},
    {"{}", R"({"include_usage":true})"},
    {"{ }", R"({"include_usage":true })"},
    {"{\r\n\t}", "{\"include_usage\":true\r\n\t}"},
    {R"({"include_usage":false})", R"({"include_usage":true})"},
    {R"({"include_usage":null})", R"({"include_usage":true})"},
    {R"({ "include_usage" : false , "x":1})", R"({ "include_usage" : true , "x":1})"},
    {R"({"x":{"include_usage":false},"include_usag\u0065":false})",
     R"({"x":{"include_usage":false},"include_usag\u0065":true})"},
    {R"({"include_obfuscation":false})", R"({"include_usage":true,"include_obfuscation":false})"},
    {R"({ "x":"}" } )", R"({"include_usage":true, "x":"}" } )"},
    {R"({"include_usage":true})", nullptr},
    {R"({"x":1, "include_usage": true })", nullptr},
    {"[]", nullptr},
    {"true", nullptr},
    {R"("{}")", nullptr},
};

TEST(Retarget, AsksForUsage) {
    for (const auto& [given, sent] : kOptions) {
        for (const char* behind : {"}", " , \"z\":1.0 } \n"}) {
            const std::string before = R"({"stream":true,"stream_options": )";
            Request request(before + given + R"(,"model":"m")" + behind);
            ASSERT_EQ(request.peek(), PARLEY_OK) << request.message();
            const auto got = request.retarget("up", kAddUsage);
            EXPECT_EQ(got, before + (sent != nullptr ? sent : given) + R"(,"model":"up")" + behind);
            EXPECT_EQ(request.changes.flags != 0, sent != nullptr) << given;
            // Not asked to, it leaves the options alone.
            EXPECT_EQ(request.retarget("m"), request.body());
            EXPECT_EQ(request.changes.flags, 0u);
        }
    }
}

TEST(Retarget, AsksForUsageOnlyInChatStreams) {
    for (const char* body : {R"({"model":"m"})",
                             R"({"model":"m","stream":false})",
                             R"({"model":"m","stream":null,"stream_options":{}})"}) {
        Request request(body);
        ASSERT_EQ(request.peek(), PARLEY_OK);
        EXPECT_EQ(request.retarget("m", kAddUsage), body);
        EXPECT_EQ(request.changes.flags, 0u);
    }
    const std::string body = R"({"model":"m","stream":true})";
    for (const char* path : {"/v1/responses", "/v1/images/generations", "/v1/audio/speech"}) {
        Request request(body, path);
        ASSERT_EQ(request.peek(), PARLEY_OK);
        EXPECT_EQ(request.retarget("m", kAddUsage), body) << path;
    }
}

// ---- models ----

TEST(Retarget, QuotesTheNewName) {
    Request request(R"({"model":"m"})");
    ASSERT_EQ(request.peek(), PARLEY_OK);
    EXPECT_EQ(request.retarget("a\"b\\c/\xc3\xa4\n\x01"), R"({"model":"a\"b\\c/ä\n\u0001"})");
    EXPECT_EQ(request.retarget(""), R"({"model":""})");
    EXPECT_EQ(request.retarget("m\xff"), "{\"model\":\"m\xef\xbf\xbd\"}");
}

TEST(Retarget, LeavesTheSameNameAsItIsSpelled) {
    for (const char* body : {R"({"model":"m\/x"})", R"({"m\u006fdel" : "\u006d\/x" })"}) {
        Request request(body);
        ASSERT_EQ(request.peek(), PARLEY_OK);
        EXPECT_EQ(request.model(), "m/x");
        EXPECT_EQ(request.retarget("m/x"), body);
        EXPECT_EQ(request.changes.edit_count, 0u);
    }
}

// Members in any order and spelling: all bytes but the model's stay.
TEST(Retarget, ChangesNothingElse) {
    constexpr std::string_view kMembers[] = {
        R"("messages":[{"role":"user","content":"\u00e4 \"model\":\"x\" }]"}])",
        R"("temperature" : 1.50E+00)",
        R"("seed":123456789012345678901234567890)",
        R"("":"")",
        R"("models":["model"])",
        R"("x":{"model":"y","stream":true,"stream_options":null})",
        "\"emoji\":\"\xf0\x9f\x98\x80\"",
        R"("dup":1,"dup":2)",
        R"("prompt_cache_key":"k")",
        "\"tools\"\t:\r\n[ ]",
        R"("stream":false)"};
    constexpr std::string_view kNames[] = {
        R"("model":)", R"("mod\u0065l" : )", "\n\"model\"\t:\r\n"};
    constexpr std::string_view kSpaces[] = {"", " ", "\n  ", "\t\r\n"};
    std::mt19937 random(41);
    for (int i = 0; i < 2000; ++i) {
        std::vector<std::string> members(std::begin(kMembers), std::end(kMembers));
        std::shuffle(members.begin(), members.end(), random);
        members.resize(random() % members.size());
        members.emplace_back("@");
        std::shuffle(members.begin(), members.end(), random);
        const auto space = [&] { return std::string(kSpaces[random() % std::size(kSpaces)]); };
        std::string text = space() + "{";
        for (const std::string& member : members) {
            text += (text.back() == '{' ? "" : ",") + space() + member + space();
        }
        text += "}" + space();
        const std::size_t at = text.find('@');
        const std::string name(kNames[random() % std::size(kNames)]);
        const std::string sent = std::string(text).replace(at, 1, name + R"("up\"stream")");
        Request request(text.replace(at, 1, name + R"("gpt-4\u002e1")"));
        ASSERT_EQ(request.peek(), PARLEY_OK) << request.body() << request.message();
        ASSERT_EQ(request.model(), "gpt-4.1");
        ASSERT_EQ(request.retarget("up\"stream", kAddUsage), sent);
    }
}

TEST(Peek, GivesRoutesWithAnOptionalModelADefault) {
    const std::pair<const char*, const char*> defaults[] = {
        {"/v1/moderations", "omni-moderation-latest"},
        {"/v1/images/generations", "gpt-image-1"},
        {"/v1/images/edits", "gpt-image-1"},
        {"/v1/images/variations", "gpt-image-1"},
    };
    for (const auto& [path, model] : defaults) {
        Request request("{\"input\":\"x\"}", path);
        EXPECT_EQ(request.peek(), PARLEY_OK) << path;
        EXPECT_EQ(request.model(), model);
        EXPECT_EQ(request.retarget(model), request.body());
    }
    for (const char* path : {"/v1/chat/completions",
                             "/v1/completions",
                             "/v1/embeddings",
                             "/v1/audio/speech",
                             "/v1/responses",
                             "/v1/responses/compact"}) {
        Request request("{\"input\":\"x\"}", path);
        EXPECT_EQ(request.peek(), -PARLEY_E_INVALID_ARGUMENT) << path;
        EXPECT_EQ(request.param(), "model");
        EXPECT_EQ(view(request.error.code), "missing_required_parameter");
        EXPECT_EQ(request.error.fault, static_cast<uint32_t>(PARLEY_FAULT_CLIENT));
    }
}

TEST(Peek, RefusesAModelThatIsNoText) {
    for (const char* model :
         {"1", "-1.5", "true", "false", "[]", "[\"m\"]", "{}", "{\"id\":\"m\"}"}) {
        for (const char* path : {"/v1/chat/completions", "/v1/images/generations"}) {
            Request request(std::string("{\"model\":") + model + "}", path);
            EXPECT_EQ(request.peek(), -PARLEY_E_INVALID_ARGUMENT) << model;
            EXPECT_EQ(request.param(), "model");
        }
    }
}

// ---- large and hostile bodies ----

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(Peek, ReadsBodiesOfAnyDepth) {
    Request deep(R"({"messages":)" + nested(100'000) + R"(,"model":"m"})");
    EXPECT_EQ(deep.peek(), PARLEY_OK) << deep.message();
    Request bottomless(R"({"messages":)" + std::string(1 << 20, '['));
    EXPECT_EQ(bottomless.peek(), -PARLEY_E_INVALID_ARGUMENT);
    // What is wrong inside is the upstream's to say, in the client's own dialect.
    Request odd("{\"model\":\"m\",\"messages\":[{\"content\":\"a\nb\"}]}");
    EXPECT_EQ(odd.peek(), PARLEY_OK) << odd.message();
}

TEST(Peek, ReadsLongTexts) {
    std::string escapes;
    while (escapes.size() < 1 << 20) escapes += R"(\n\"\u00e9)";
    for (const std::string& text : {std::string(1 << 20, 'x'), escapes}) {
        Request request(R"({"messages":[{"content":")" + text + R"("}],"model":"m"})");
        ASSERT_EQ(request.peek(), PARLEY_OK) << request.message();
        const std::string sent = request.retarget("up").value();
        EXPECT_EQ(sent.size(), request.body().size() + 1);
        Request name(R"({"model":")" + text + R"("})");
        ASSERT_EQ(name.peek(), PARLEY_OK);
        EXPECT_EQ(name.retarget("up"), R"({"model":"up"})");
    }
}

const std::string kBody =
    R"({"messages":[{"role":"user","content":"a\u00e9\"é"}],"model":"m","stream":true,)"
    R"("stream_options":{"x":[1.5e3,null]},"prompt_cache_key":"k\n"})";

TEST(Peek, NamesTheByteWhereABodyEnds) {
    for (std::size_t size = 1; size < kBody.size(); ++size) {
        Request request(kBody.substr(0, size));
        ASSERT_EQ(request.peek(), -PARLEY_E_INVALID_ARGUMENT) << size;
        const std::string message = request.message();
        ASSERT_TRUE(message.starts_with("body: malformed JSON at byte ") ||
                    message.ends_with("expected"))
            << message;
    }
}

// Whatever the body is, either it is refused, or the renamed body names the new model.
void expect_sound(Request& request, const std::string& path, const std::string& content_type) {
    if (request.peek() != PARLEY_OK) {
        ASSERT_LT(request.error.error_class, 3) << request.message();
        return;
    }
    const auto sent = request.retarget("up-1", kAddUsage);
    if (!sent) return;
    Request again(path, content_type, *sent);
    ASSERT_EQ(again.peek(), PARLEY_OK) << *sent << again.message();
    ASSERT_EQ(again.model(), "up-1") << *sent;
    ASSERT_EQ(again.peeked.flags & PARLEY_PEEK_STREAM, request.peeked.flags & PARLEY_PEEK_STREAM);
    const bool added = request.changes.flags != 0;
    ASSERT_TRUE(!added || (again.peeked.flags & PARLEY_PEEK_WANTS_USAGE) != 0) << *sent;
}

TEST(Peek, IsSoundWhicheverByteIsWrong) {
    using std::literals::string_view_literals::operator""sv;
    constexpr std::string_view kBytes = "\"\\{}[],: 0-tfnm\n\0\x80\xff"sv;
    for (std::size_t at = 0; at < kBody.size(); ++at) {
        for (const char c : kBytes) {
            std::string body = kBody;
            body[at] = c;
            Request changed(body);
            expect_sound(changed, "/v1/chat/completions", "application/json");
            Request longer(body.insert(at, 1, c));
            expect_sound(longer, "/v1/chat/completions", "application/json");
            if (HasFatalFailure()) return;
        }
    }
}

// ---- forms ----

constexpr const char* kTranscribe = "/v1/audio/transcriptions";
const std::string kFormType = "multipart/form-data; boundary=b0undary";

std::string part(const std::string& name, const std::string& value) {
    return "--b0undary\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value +
           "\r\n";
}

TEST(Form, IsReadAcrossALargeFile) {
    std::mt19937 random(42);
    std::string noise(4 << 20, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const std::string fillings[] = {
        noise, std::string(4 << 20, '\r'), std::string(4 << 20, 'y'), std::string(4 << 20, '-')};
    for (const std::string& file : fillings) {
        const std::string before = part("file", file);
        const std::string head =
            "--b0undary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n";
        Request request(kTranscribe, kFormType, before + part("model", "w") + "--b0undary--\r\n");
        ASSERT_EQ(request.peek(), PARLEY_OK) << request.message();
        EXPECT_EQ(request.model(), "w");
        const std::string wanted = before + head + "up\r\n--b0undary--\r\n";
        EXPECT_TRUE(request.retarget("up").value() == wanted);
    }
}

TEST(Form, IsNotFooledByNearBoundaries) {
    std::string file;
    while (file.size() < 1 << 20) {
        file +=
            "\r\n--b0undarx\r\n--b0undary0\r\n--b0undary-\n\r\n--b0undary \t \r-\n--b0undary\r\n";
        file += "Content-Disposition: form-data; name=\"model\"\r\n\r\nfake";
    }
    for (const bool first : {true, false}) {
        const std::string parts = first ? part("model", "w") + part("file", file)
                                        : part("file", file) + part("model", "w");
        Request request(kTranscribe, kFormType, parts + "--b0undary--");
        ASSERT_EQ(request.peek(), PARLEY_OK) << request.message();
        EXPECT_EQ(request.model(), "w");
    }
}

TEST(Form, MayHaveManyFields) {
    std::string body;
    for (int i = 0; i < 20000; ++i) body += part("x" + std::to_string(i), "");
    Request request(kTranscribe, kFormType, body + part("model", "w") + "--b0undary--");
    ASSERT_EQ(request.peek(), PARLEY_OK) << request.message();
    EXPECT_EQ(request.model(), "w");
}

TEST(Form, IsSoundWhereverItIsCut) {
    const std::string body = part("file", "a\r\n--b0undar\r\n\r\n") + part("model", "w") +
                             part("stream", "true") + "--b0undary--\r\n";
    for (std::size_t size = 0; size + 2 < body.size(); ++size) {
        Request request(kTranscribe, kFormType, body.substr(0, size));
        ASSERT_EQ(request.peek(), -PARLEY_E_INVALID_ARGUMENT) << size;
    }
    for (std::size_t at = 0; at < body.size(); ++at) {
        for (const char c : {'\r', '\n', '-', '"', ';', 'x', '\0'}) {
            std::string changed = body;
            changed[at] = c;
            Request request(kTranscribe, kFormType, changed);
            expect_sound(request, kTranscribe, kFormType);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(Form, NeedsABoundaryOfGoodLength) {
    const std::string longest(70, 'b');
    for (const std::string& boundary : {longest, longest + "b", std::string("\"\"")}) {
        std::string body = "--" + boundary;
        body += "\r\nContent-Disposition: form-data; name=model\r\n\r\nw\r\n--";
        body += boundary + "--";
        Request request(kTranscribe, "multipart/form-data; boundary=" + boundary, body);
        EXPECT_EQ(request.peek() == PARLEY_OK, boundary == longest) << boundary;
    }
}

// ---- the border ----

TEST(RequestTable, TakesNoErrorPointer) {
    Request request("{");
    const parley_dialect& table = request.dialect.table();
    auto peeked = sized<parley_peek>();
    EXPECT_EQ(
        table.peek(request.dialect.self, &request.call, request.arena.border(), &peeked, nullptr),
        -PARLEY_E_INVALID_ARGUMENT);
}

// ---- what only Parley could read ----

std::string scrubbed(std::string_view body, const std::string& path) {
    Request request(body, path);
    EXPECT_EQ(request.peek(), PARLEY_OK) << request.message();
    return request.retarget("m").value_or("");
}

TEST(Retarget, TakesEnvelopesOut) {
    const std::string item = R"({"type":"reasoning","summary":[],"encrypted_content":"pl1.abc"})";
    const std::string own = R"({"type":"reasoning","summary":[],"encrypted_content":"gAAA"})";
    const std::string text = R"({"role":"user","content":"say \"pl1. and \"file_id\":\"x\""})";
    const auto input = [&](const std::string& items) {
        return R"({"input":[)" + items + R"(],"model":"m","instructions":"pl1.x"})";
    };
    const std::string responses = "/v1/responses";
    EXPECT_EQ(scrubbed(input(item + "," + text), responses), input(text));
    EXPECT_EQ(scrubbed(input(text + "," + item + "," + own), responses), input(text + "," + own));
    EXPECT_EQ(scrubbed(input(own + "," + text), responses), input(own + "," + text));
    const auto calls = [&](const std::string& extra) {
        return R"({"model":"m","messages":[)" + text + R"(,{"role":"assistant","tool_calls":[{)" +
               R"("id":"c","type":"function")" + extra + "}]}]}";
    };
    const std::string chat = "/v1/chat/completions";
    const std::string sealed = R"(,"extra_content":{"google":{"thought_signature":"pl1.abc"}})";
    const std::string native = R"(,"extra_content":{"google":{"thought_signature":"c2ln"}})";
    EXPECT_EQ(scrubbed(calls(sealed), chat), calls(""));
    EXPECT_EQ(scrubbed(calls(native), chat), calls(native));
}

TEST(RequestTable, SaysSoWhenThereIsNoMemory) {
    Request request(R"({"m\u006fdel":"\u006d","stream":true,"prompt_cache_key":"\n"})");
    const parley_dialect& table = request.dialect.table();
    const TestArena none(0);
    auto peeked = sized<parley_peek>();
    parley_error error = cleared(none);
    EXPECT_EQ(table.peek(request.dialect.self, &request.call, none.border(), &peeked, &error),
              -PARLEY_E_BUDGET);
    EXPECT_EQ(error.error_class, PARLEY_E_BUDGET);
    EXPECT_NE(error.message.len, 0u);
    ASSERT_EQ(request.peek(), PARLEY_OK);
    // Two texts and the list of edits.
    for (std::size_t blocks = 0; blocks <= 3; ++blocks) {
        const TestArena arena(blocks);
        auto changes = sized<parley_retarget>();
        changes.flags = kAddUsage;
        const parley_status status = table.retarget(request.dialect.self,
                                                    &request.call,
                                                    &request.peeked,
                                                    str("up"),
                                                    arena.border(),
                                                    &changes,
                                                    nullptr);
        EXPECT_EQ(status, blocks < 3 ? -PARLEY_E_BUDGET : PARLEY_OK) << blocks;
    }
}

}  // namespace

}  // namespace parley::openai
