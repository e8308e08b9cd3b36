// Replies, read and written.
//
// A case is cases/reply-*: reply.http in, its first line "events", "array" or "whole"; events.txt
// is what is understood, client.txt what a client of the same dialect is told in each form.
#include <random>

#include "gemini_test.hpp"
#include "parley/sdk/fold.hpp"

namespace parley::gemini {

namespace {

using codec::joined;
using codec::lines;

std::vector<Event> read(std::string_view reply, bool stream, std::size_t piece = 0) {
    return dialect().decode(codec::plain_request(), reply, stream, piece);
}

parley_request array_request() {
    parley_request r = codec::plain_request();
    r.flags |= PARLEY_REQUEST_STREAM_ARRAY;
    return r;
}

bool failed(const std::vector<Event>& events) {
    return events.back().raw.type == PARLEY_EVENT_ERROR;
}

// What a client gets who was not told of an error before the first byte.
std::vector<Event> shown(const std::vector<Event>& events) {
    return events.size() == 1 && failed(events) ? std::vector<Event>() : events;
}

struct ReplyCase : Case {
    ReplyCase() : Case("reply"), reply(input("reply.http")) {}

    bool is_stream() const { return reply.first != "whole"; }

    Message reply;
};

INSTANTIATE_TEST_SUITE_P(cases, ReplyCase, testing::ValuesIn(cases_of("reply")), test_name);

TEST_P(ReplyCase, IsUnderstood) {
    const auto events = read(reply.body, is_stream());
    expect("events.txt", lines(events));
}

TEST_P(ReplyCase, IsTheSameHoweverCut) {
    const std::string wanted = lines(read(reply.body, is_stream()));
    for (const std::size_t piece : {1, 2, 3, 7, 64}) {
        EXPECT_EQ(lines(read(reply.body, is_stream(), piece)), wanted) << piece;
    }
}

// The first byte behind the object that gives a reason, from where on an end is an end.
std::size_t reason_end(const std::string& body) {
    const std::size_t reason = body.find("eason\"");
    const std::size_t text = body.find("_reason\"");
    const std::size_t at = std::min(reason, text);
    if (at == body.npos) return body.npos;
    const std::size_t line = std::min(body.find_first_of("\r\n", at), body.size());
    return body.rfind('}', line - 1) + 1;
}

TEST_P(ReplyCase, DoesNotFinishWhenItIsCut) {
    const bool is_events = reply.first == "events";
    const std::size_t end = reply.body.find_last_of("}]") + 1;
    const std::size_t reason = is_events ? reason_end(reply.body) : end;
    for (std::size_t size = 0; size < std::min(end, reason); ++size) {
        const auto events = read(std::string_view(reply.body).substr(0, size), is_stream());
        ASSERT_TRUE(failed(events)) << size << "\n" << lines(events);
    }
}

TEST_P(ReplyCase, EndsInAnErrorBehindGarbage) {
    const auto whole = read(reply.body, is_stream());
    std::mt19937 random(7);
    for (int i = 0; i < 200; ++i) {
        std::string bent = reply.body;
        bent[random() % bent.size()] = static_cast<char>(random() % 256);
        read(bent, is_stream());  // checks the grammar
    }
}

TEST_P(ReplyCase, IsWrittenForClients) {
    const auto events = shown(read(reply.body, is_stream()));
    const parley_request array = array_request();
    std::string text = dialect().encode(codec::plain_request(), events, true);
    text += "----\n" + dialect().encode(array, events, true);
    const bool whole = !events.empty() && !failed(events);
    if (whole) text += "\n----\n" + dialect().encode(codec::plain_request(), events, false) + "\n";
    expect("client.txt", text);
}

// Counters are told apart elsewhere, and a thought's seal moves to the part behind it.
std::vector<Event> without_usage_details(std::vector<Event> events) {
    std::erase_if(events, [](const Event& e) { return e.raw.type == PARLEY_EVENT_USAGE; });
    for (Event& e : events) {
        // Words that only the other side of the wire had.
        if (e.raw.type == PARLEY_EVENT_RESPONSE_STARTED) e.raw.a = 0;
        if (e.raw.type == PARLEY_EVENT_RESPONSE_STARTED) e.name = "m-x";
        if (e.raw.type == PARLEY_EVENT_FINISH) e.name.clear();
        if (e.raw.type == PARLEY_EVENT_FINISH) e.extra.clear();
        if (e.raw.type == PARLEY_EVENT_FINISH && e.raw.kind >= PARLEY_FINISH_PAUSE) e.raw.kind = 6;
    }
    return events;
}

TEST_P(ReplyCase, ComesBackAsItWas) {
    const auto events = joined(read(reply.body, is_stream()));
    const bool cut = std::any_of(events.begin(), events.end(), [](const Event& e) {
        const bool ended = e.raw.type == PARLEY_EVENT_PART_ENDED;
        return ended && e.raw.kind == PARLEY_PART_TOOL_CALL &&
               (e.raw.flags & PARLEY_EVENT_COMPLETE) == 0;
    });
    const bool cites = std::any_of(events.begin(), events.end(), [](const Event& e) {
        return e.raw.type == PARLEY_EVENT_CITATION;
    });
    if (failed(events) || cut || cites) return;
    const std::string wanted = lines(without_usage_details(events));
    const bool moves = wanted.find("\"seal\",\"part\":0,\"kind\":2") != wanted.npos;
    if (moves) return;
    const parley_request array = array_request();
    for (const bool stream : {true, false}) {
        const std::string wire = dialect().encode(codec::plain_request(), events, stream);
        EXPECT_EQ(lines(without_usage_details(joined(read(wire, stream)))), wanted) << wire;
    }
    const std::string wire = dialect().encode(array, events, true);
    EXPECT_EQ(lines(without_usage_details(joined(read(wire, true)))), wanted) << wire;
    EXPECT_TRUE(boost::json::parse(wire).is_array());
}

// ---- the scenarios of the design, from events ----

Event event(uint16_t type, uint32_t part, uint32_t kind, std::string text = {}) {
    auto e = sized<parley_event>();
    e.type = type;
    e.part = part;
    e.kind = kind;
    Event made(e);
    made.text = std::move(text);
    return made;
}

class Script {
public:
    Script() {
        Event e = event(PARLEY_EVENT_RESPONSE_STARTED, 0, 0, "r1");
        e.name = "m-x";
        e.raw.a = 1700000000;
        events.push_back(e);
    }

    Script& part(uint32_t kind, const std::vector<std::string>& deltas) {
        events.push_back(event(PARLEY_EVENT_PART_STARTED, next_, kind));
        const bool thinks = kind == PARLEY_PART_REASONING;
        for (const std::string& text : deltas) {
            const uint16_t type = thinks ? PARLEY_EVENT_REASONING_DELTA : PARLEY_EVENT_TEXT_DELTA;
            events.push_back(event(type, next_, kind, text));
        }
        return *this;
    }

    Script& call(const std::string& id,
                 const std::string& name,
                 const std::vector<std::string>& deltas) {
        Event e = event(PARLEY_EVENT_PART_STARTED, next_, PARLEY_PART_TOOL_CALL, id);
        e.name = name;
        e.raw.a = PARLEY_TOOL_CALL_FUNCTION;
        events.push_back(e);
        for (const std::string& text : deltas) {
            events.push_back(
                event(PARLEY_EVENT_TOOL_ARGS_DELTA, next_, PARLEY_PART_TOOL_CALL, text));
        }
        return *this;
    }

    Script& seal(const std::string& family, const std::string& data) {
        Event e = event(PARLEY_EVENT_SEAL, next_, events.back().raw.kind, data);
        e.name = family;
        e.raw.a = PARLEY_SEAL_SIGNATURE;
        events.push_back(e);
        return *this;
    }

    Script& end(bool complete = true) {
        Event e = event(PARLEY_EVENT_PART_ENDED, next_++, events.back().raw.kind);
        if (complete) e.raw.flags = PARLEY_EVENT_COMPLETE;
        events.push_back(e);
        return *this;
    }

    Script& finish(uint32_t kind, uint64_t output, const std::string& extra = {}) {
        Event usage = event(PARLEY_EVENT_USAGE, 0, PARLEY_USAGE_INPUT | PARLEY_USAGE_OUTPUT);
        usage.raw.a = 31;
        usage.raw.b = output;
        usage.extra = extra;
        const auto knows = [&](const char* name, uint32_t bit) {
            if (extra.find(name) != extra.npos) usage.raw.kind |= bit;
        };
        knows("cache_read", PARLEY_USAGE_CACHE_READ);
        knows("cache_write", PARLEY_USAGE_CACHE_WRITE);
        knows("reasoning", PARLEY_USAGE_REASONING);
        events.push_back(usage);
        events.push_back(event(PARLEY_EVENT_FINISH, 0, kind));
        return *this;
    }

    Script& error(uint32_t kind, const std::string& message) {
        events.push_back(event(PARLEY_EVENT_ERROR, 0, kind, message));
        return *this;
    }

    std::vector<Event> events;

private:
    uint32_t next_ = 0;
};

std::vector<std::pair<std::string, Script>> scenarios() {
    std::vector<std::pair<std::string, Script>> all;
    const auto add = [&](const char* name) -> Script& {
        return all.emplace_back(name, Script()).second;
    };
    add("text").part(PARLEY_PART_TEXT, {"Hel", "lo"}).end().finish(PARLEY_FINISH_STOP, 2);
    add("text-tool")
        .part(PARLEY_PART_TEXT, {"Checking."})
        .end()
        .call("c1", "get_weather", {"{\"city\":", "\"Oslo\"}"})
        .end()
        .finish(PARLEY_FINISH_TOOL_CALLS, 14, R"({"input_cache_read":20})");
    add("parallel")
        .call("c1", "get_weather", {"{\"city\":\"Oslo\"}"})
        .end()
        .call("c2", "get_time", {})
        .end()
        .finish(PARLEY_FINISH_TOOL_CALLS, 20);
    Script& reasoning = add("reasoning").part(PARLEY_PART_REASONING, {"Think ", "first."});
    reasoning.events.push_back(
        event(PARLEY_EVENT_REASONING_DELTA, 0, PARLEY_PART_REASONING, "Then."));
    reasoning.events.back().raw.a = 1;
    reasoning.seal("anthropic", "c2ln").end().part(PARLEY_PART_TEXT, {"Done"}).end();
    reasoning.finish(PARLEY_FINISH_STOP, 40, R"({"output_reasoning":38})");
    add("refusal").part(PARLEY_PART_REFUSAL, {"I can't."}).end().finish(PARLEY_FINISH_REFUSAL, 3);
    add("safety").finish(PARLEY_FINISH_CONTENT_FILTER, 0);
    add("max-tokens")
        .part(PARLEY_PART_TEXT, {"Once upon"})
        .end(false)
        .finish(PARLEY_FINISH_LENGTH, 8, R"({"input_cache_write":11})");
    add("error")
        .part(PARLEY_PART_TEXT, {"Hal"})
        .error(PARLEY_E_OVERLOADED, "Upstream is overloaded");
    return all;
}

TEST(Encoder, WritesTheScenariosOfTheDesign) {
    for (const auto& [name, script] : scenarios()) {
        const Message wanted(read_file("cases/reply-scenario-" + name + "/reply.http"));
        const std::string got = dialect().encode(codec::plain_request(), script.events, true);
        EXPECT_EQ(got, wanted.body) << name;
    }
}

std::string written(const Script& script, bool stream = true) {
    return dialect().encode(codec::plain_request(), script.events, stream);
}

TEST(Encoder, PutsAThoughtsSealOnThePartBehindIt) {
    Script s;
    s.part(PARLEY_PART_REASONING, {"Hm."}).seal("parley", "pl1.x").end();
    s.call("c1", "f", {"{}"}).end().finish(PARLEY_FINISH_TOOL_CALLS, 1);
    for (const bool stream : {true, false}) {
        const std::string wire = written(s, stream);
        EXPECT_NE(wire.find(R"("args":{}},"thoughtSignature":"cGwxLng=")"), wire.npos) << wire;
        EXPECT_EQ(wire.find("thought\":true,\"thoughtSignature"), wire.npos) << wire;
    }
}

TEST(Encoder, PutsAThoughtsSealOnTheCallThoughTextStandsBetween) {
    Script s;
    s.part(PARLEY_PART_REASONING, {"Hm."}).seal("parley", "pl1.x").end();
    s.part(PARLEY_PART_TEXT, {"Let me see."}).end();
    s.call("c1", "f", {"{}"}).end().finish(PARLEY_FINISH_TOOL_CALLS, 1);
    for (const bool stream : {true, false}) {
        const std::string wire = written(s, stream);
        EXPECT_NE(wire.find(R"("args":{}},"thoughtSignature":"cGwxLng=")"), wire.npos) << wire;
    }
}

TEST(Encoder, LosesNoSealWhereThoughtsFollowEachOther) {
    Script s;
    s.part(PARLEY_PART_REASONING, {"One."}).seal("parley", "pl1.a").end();
    s.part(PARLEY_PART_REASONING, {"Two."}).seal("parley", "pl1.b").end();
    s.part(PARLEY_PART_TEXT, {"Done"}).end().finish(PARLEY_FINISH_STOP, 1);
    for (const bool stream : {true, false}) {
        const std::string wire = written(s, stream);
        EXPECT_LT(wire.find("cGwxLmE="), wire.find("cGwxLmI=")) << wire;
        EXPECT_NE(wire.find("cGwxLmI="), wire.npos) << wire;
    }
}

TEST(Encoder, IgnoresSealsOfOthers) {
    Script s;
    s.part(PARLEY_PART_TEXT, {"a"}).seal("openai", "c2ln").end().finish(PARLEY_FINISH_STOP, 1);
    EXPECT_EQ(written(s).find("c2ln"), std::string::npos);
}

TEST(Encoder, DropsACallThatWasCut) {
    Script s;
    s.call("c1", "f", {"{\"a\":"}).end(false).finish(PARLEY_FINISH_LENGTH, 1);
    for (const bool stream : {true, false}) {
        const std::string wire = written(s, stream);
        EXPECT_EQ(wire.find("functionCall"), wire.npos);
        EXPECT_NE(wire.find("MAX_TOKENS"), wire.npos);
    }
}

TEST(Encoder, MakesAnObjectOfAnyArguments) {
    for (const auto& [arguments, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"", "{}"},
             {"[1]", R"({"input":[1]})"},
             {"{\"a\":", R"({"_raw":"{\"a\":"})"},
             {" {\"a\" : 1e400 } ", R"({"a":1e400})"}}) {
        Script s;
        s.call("c1", "f", {arguments}).end().finish(PARLEY_FINISH_TOOL_CALLS, 1);
        const std::string wire = written(s);
        EXPECT_NE(wire.find("\"args\":" + wanted + "}"), wire.npos) << wire;
    }
}

TEST(Encoder, WritesCitationsInBytes) {
    auto request = codec::plain_request();
    auto tool = sized<parley_tool>();
    tool.kind = PARLEY_TOOL_SERVER;
    const parley_tool* tools[] = {&tool};
    request.tools = tools;
    request.tool_count = 1;
    Script s;
    s.part(PARLEY_PART_TEXT, {"h\xc3\xa9llo ", "w\xc3\xb6rld"});
    Event cite = event(PARLEY_EVENT_CITATION, 0, PARLEY_PART_TEXT, "https://a.example/");
    cite.raw.a = 6;
    cite.raw.b = 11;
    cite.raw.flags = PARLEY_EVENT_SPAN_CODEPOINTS;
    s.events.push_back(cite);
    s.events.push_back(event(PARLEY_EVENT_PART_ENDED, 0, PARLEY_PART_TEXT));
    s.finish(PARLEY_FINISH_STOP, 1);
    const std::string wire = dialect().encode(request, s.events, true);
    EXPECT_NE(wire.find(R"("segment":{"startIndex":7,"endIndex":13,"text":"wörld"})"), wire.npos)
        << wire;
    const auto back = dialect().decode(request, wire, true);
    const auto found = std::find_if(back.begin(), back.end(), [](const Event& e) {
        return e.raw.type == PARLEY_EVENT_CITATION;
    });
    ASSERT_NE(found, back.end());
    EXPECT_EQ(found->text, "https://a.example/");
    EXPECT_EQ(found->raw.a, 7u);
    EXPECT_EQ(found->raw.b, 13u);
}

TEST(Encoder, KeepsAStreamAliveWithEmptyLines) {
    Script s;
    s.events.insert(s.events.begin(), event(PARLEY_EVENT_PING, 0, 0));
    s.part(PARLEY_PART_TEXT, {"a"});
    s.events.push_back(event(PARLEY_EVENT_PING, 0, 0));
    s.end().finish(PARLEY_FINISH_STOP, 1);
    const std::string events = written(s);
    EXPECT_TRUE(events.starts_with("\n\ndata: ")) << events;
    const parley_request array = array_request();
    EXPECT_TRUE(boost::json::parse(dialect().encode(array, s.events, true)).is_array());
}

// Many small deltas come out as they went in, whatever their characters.
TEST(Encoder, ComesBackFromRandomScripts) {
    std::mt19937 random(11);
    const std::vector<std::string> texts{
        "a", "\xf0\x9f\x98\x80", "\"\\\n\t\x01", "\xe2\x80\xa8", "data: {}\n\n", "]\n,{", "</"};
    const auto pick = [&] { return texts[random() % texts.size()]; };
    for (int round = 0; round < 300; ++round) {
        Script s;
        uint32_t last = 0;
        bool called = false;
        for (std::size_t parts = random() % 5; parts > 0; --parts) {
            const uint32_t kind = random() % 3 + 1;
            // Neighbours of one kind are one part on this wire.
            if (kind == last && kind != PARLEY_PART_TOOL_CALL) continue;
            last = kind;
            if (kind == PARLEY_PART_TOOL_CALL) {
                called = true;
                const std::string id = "c" + std::to_string(parts);
                s.call(id, "f_" + std::to_string(parts), {"{\"k\":", "[1,2.50]}"});
                if (random() % 2 == 0) s.seal("gemini", "c2ln");
                // The seal comes before the arguments.
                const std::size_t size = s.events.size();
                if (s.events.back().raw.type == PARLEY_EVENT_SEAL) {
                    s.events.back().raw.a = PARLEY_SEAL_THOUGHT_SIGNATURE;
                    std::rotate(s.events.begin() + static_cast<long>(size) - 3,
                                s.events.begin() + static_cast<long>(size) - 1,
                                s.events.end());
                }
            } else {
                std::vector<std::string> deltas;
                for (std::size_t n = random() % 4 + 1; n > 0; --n) deltas.push_back(pick());
                s.part(kind, deltas);
                for (Event& e : s.events) {
                    if (e.raw.type == PARLEY_EVENT_REASONING_DELTA) {
                        e.raw.flags = PARLEY_EVENT_SUMMARY;
                    }
                }
            }
            s.end();
        }
        s.finish(called ? PARLEY_FINISH_TOOL_CALLS : PARLEY_FINISH_STOP, random() % 1000);
        const std::string wanted = lines(without_usage_details(joined(s.events)));
        for (const bool stream : {true, false}) {
            const std::string wire = written(s, stream);
            const auto back = joined(read(wire, stream, random() % 9));
            ASSERT_EQ(lines(without_usage_details(back)), wanted) << wire;
        }
    }
}

// ---- reading ----

TEST(Decoder, GivesCallsTheNamesThatTheClientKnows) {
    const auto asked = ask(R"({"contents":[{"parts":[{"text":"x"}]}],"tools":[{
        "functionDeclarations":[{"name":"1 b\u00e4d","parametersJsonSchema":{}}]}]})");
    const std::string wire = sent(*asked.request).body;
    const auto tools = boost::json::parse(wire).at("tools").at(0).at("functionDeclarations");
    const std::string name(tools.at(0).at("name").as_string());
    EXPECT_EQ(name, "_1_b_d");
    const auto events =
        dialect().decode(*asked.request,
                         R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":")" + name +
                             R"("}}]},"finishReason":"STOP"}]})",
                         false);
    EXPECT_EQ(events[1].name,
              "1 b\xc3\xa4"
              "d");
    EXPECT_EQ(events.back().raw.kind, static_cast<uint32_t>(PARLEY_FINISH_TOOL_CALLS));
}

TEST(Decoder, UnwrapsTheInputOfCustomTools) {
    auto request = codec::plain_request();
    auto tool = sized<parley_tool>();
    tool.kind = PARLEY_TOOL_CUSTOM;
    tool.name = str("patch");
    tool.name_space = str("code");
    const parley_tool* tools[] = {&tool};
    request.tools = tools;
    request.tool_count = 1;
    const auto events = dialect().decode(
        request,
        R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"code__patch",)"
        R"("args":{"input":"a\n\"b\""}}}]},"finishReason":"STOP"}]})",
        false);
    EXPECT_EQ(events[1].name, "patch");
    EXPECT_EQ(events[1].extra, R"({"name_space":"code"})");
    EXPECT_EQ(events[1].raw.a, static_cast<uint64_t>(PARLEY_TOOL_CALL_CUSTOM));
    EXPECT_EQ(events[2].text, "a\n\"b\"");
}

TEST(Decoder, CountsTokens) {
    auto request = codec::plain_request();
    request.operation = PARLEY_OPERATION_COUNT_TOKENS;
    const auto events = dialect().decode(request, R"({"totalTokens": 123})", false);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[1].raw.a, 123u);
    EXPECT_TRUE(failed(dialect().decode(request, "{}", false)));
}

TEST(Decoder, ReadsAndWritesEmbeddings) {
    auto one = ask(R"({"content":{"parts":[{"text":"a"}]}})", "/v1beta/models/e:embedContent");
    auto two = ask(R"({"requests":[{"content":{"parts":[{"text":"a"}]}},
                                   {"content":{"parts":[{"text":"b"}]}}]})",
                   "/v1beta/models/e:batchEmbedContents");
    for (const auto& [asked, wire] : std::vector<std::pair<codec::Decoded, std::string>>{
             {one, R"({"embedding":{"values":[0.5,-0.1,1e-10]}})"},
             {two, R"({"embeddings":[{"values":[1,2.25]},{"values":[0.3333333]}]})"}}) {
        const auto events = dialect().decode(*asked.request, wire, false, 1);
        const auto written = dialect().encode(*asked.request, events, false);
        EXPECT_EQ(boost::json::parse(written), boost::json::parse(wire)) << written;
    }
    EXPECT_TRUE(failed(dialect().decode(*one.request, "{}", false)));
}

}  // namespace

}  // namespace parley::gemini
