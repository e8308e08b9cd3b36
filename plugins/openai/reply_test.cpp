// Replies of both OpenAI dialects, to events and back.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "codec/events.hpp"
#include "codec/wire.hpp"

namespace parley::codec {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read_file(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

const Dialect& chat() {
    static const Dialect dialect("openai-chat");
    return dialect;
}

const Dialect& responses() {
    static const Dialect dialect("openai-responses");
    return dialect;
}

const std::map<std::string, Script>& scenarios() {
    static const std::map<std::string, Script> all = [] {
        std::map<std::string, Script> m;
        m["text"].start().open(1).text("Hel").text("lo").end().usage(31, 2).finish(1);
        m["text_tool"].start().open(1).text("Checking.").end();
        m["text_tool"].call("call_c1", "get_weather").args("{\"city\":").args("\"Oslo\"}").end();
        m["text_tool"].usage(31, 14, 20).finish(3);
        m["parallel"].start().call("call_c1", "get_weather").args("{\"city\":\"Oslo\"}").end();
        m["parallel"].call("call_c2", "get_time").end().usage(31, 20).finish(3);
        m["reasoning"].start().open(2).think("Think ").think("first.").think("Then.", 1);
        m["reasoning"].seal("openai", "c2ln", PARLEY_SEAL_ENCRYPTED).end();
        m["reasoning"].open(1).text("Done").end().usage(31, 40, 0, 0, 38).finish(1);
        m["refusal"].start().open(4).text("I can't.").end().usage(31, 3).finish(7);
        m["safety"].start().usage(31, 0).finish(8);
        m["max_tokens"].start().open(1).text("Once upon").end().usage(31, 8, 0, 11).finish(4);
        m["error"].start().open(1).text("Hal").fail(
            PARLEY_E_OVERLOADED, "Upstream is overloaded", "server_is_overloaded");
        // What the design's own scenarios leave out.
        m["custom"].start().call("call_p1", "apply_patch", PARLEY_TOOL_CALL_CUSTOM);
        m["custom"].args("*** Begin").args(" Patch\n\"x\"").end().usage(9, 9).finish(3);
        m["cut_call"].start().call("call_1", "f").args("{\"a\":").end(false).usage(9, 9).finish(4);
        m["cut_text"].start().open(1).text("Onc").end(false).usage(9, 9).finish(4);
        m["cited"].start().open(1).text("See é").cite("https://a.example/", "A", 4, 5).end();
        m["cited"].usage(9, 9).finish(1);
        m["sealed_call"].start().call("call_1", "f").seal("parley", "pl1.abc", 4);
        m["sealed_call"].args("{}").end().usage(9, 9).finish(3);
        m["pings"].start().ping().open(1).text("Hi").ping().end().usage(9, 9).finish(1);
        m["late_text"].start().call("call_1", "f").args("{}").end().open(1).text("After").end();
        m["late_text"].usage(9, 9).finish(3);
        m["unseen"].start("").open(1).text("Hi").end().usage(0, 0).finish(1);
        return m;
    }();
    return all;
}

// ---- files ----

void expect_case(const std::string& name, const std::string& got) {
    const fs::path file = fs::path("cases/replies") / name;
    if (std::getenv("UPDATE_CASES") != nullptr) {
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << got;
    }
    EXPECT_EQ(got, read_file(file)) << name;
}

TEST(OpenaiReply, StreamsAreWrittenAsTheCasesSay) {
    for (const auto& [name, script] : scenarios()) {
        expect_case(name + ".chat.sse", chat().encode(plain_request(), script, true));
        expect_case(name + ".responses.sse", responses().encode(plain_request(), script, true));
    }
}

TEST(OpenaiReply, WholeRepliesAreWrittenAsTheCasesSay) {
    for (const auto& [name, script] : scenarios()) {
        if (name == "error") {
            EXPECT_EQ(chat().encode(plain_request(), script, false), "");
            EXPECT_EQ(responses().encode(plain_request(), script, false), "");
            continue;
        }
        expect_case(name + ".chat.json", chat().encode(plain_request(), script, false));
        expect_case(name + ".responses.json", responses().encode(plain_request(), script, false));
    }
}

// ---- the design's fixtures, where they are ----

fs::path fixtures() {
    const char* told = std::getenv("PARLEY_FIXTURES");
    return told != nullptr ? told : "../../../shared/design/fixtures";
}

// Without what is ours alone: the members that the fixtures leave out, the words of an error.
void prune(json::value& value) {
    if (value.is_array()) {
        for (auto& each : value.as_array()) prune(each);
    }
    if (!value.is_object()) return;
    json::object& o = value.as_object();
    const bool response = o.contains("object") && o.at("object") == "response";
    const bool error = o.contains("message") && o.contains("type") && o.contains("code");
    if (error) o.erase("type");
    if (response) {
        for (const char* key : {"max_output_tokens",
                                "previous_response_id",
                                "reasoning",
                                "store",
                                "text",
                                "truncation"}) {
            o.erase(key);
        }
    }
    for (auto& member : o) prune(member.value());
}

json::array pruned(const std::string& stream) {
    json::array all;
    for (const WireEvent& event : wire_events(stream)) {
        json::value data = event.data == "[DONE]" ? json::value("[DONE]") : json::parse(event.data);
        prune(data);
        all.push_back(json::array{json::string(event.name), data});
    }
    return all;
}

constexpr const char* kFixtures[] = {
    "text", "text_tool", "parallel", "reasoning", "refusal", "safety", "max_tokens", "error"};

TEST(OpenaiReply, FixturesOfTheDesignAreWritten) {
    if (!fs::exists(fixtures() / "text.chat.sse")) {
        GTEST_SKIP() << "!!!! no fixtures at " << fixtures() << ": set PARLEY_FIXTURES !!!!";
    }
    for (const std::string name : kFixtures) {
        for (const Dialect* dialect : {&chat(), &responses()}) {
            const bool is_chat = dialect == &chat();
            Events events = scenarios().at(name);
            if (is_chat && name == "max_tokens") {
                // The fixture leaves the counter out that chat has learnt since.
                for (Event& e : events) {
                    if (e.raw.type == PARLEY_EVENT_USAGE) e.raw.kind &= ~PARLEY_USAGE_CACHE_WRITE;
                    if (e.raw.type == PARLEY_EVENT_USAGE) e.extra.clear();
                }
            }
            std::string got = dialect->encode(plain_request(), events, true);
            const fs::path file = fixtures() / (name + (is_chat ? ".chat.sse" : ".responses.sse"));
            std::string wanted = read_file(file);
            const std::string unknown = ",\"cache_write_tokens\":0";
            for (std::size_t at = 0; is_chat && (at = got.find(unknown)) != got.npos;) {
                got.erase(at, unknown.size());
            }
            EXPECT_EQ(pruned(got), pruned(wanted)) << file;
        }
    }
}

TEST(OpenaiReply, FixturesOfTheDesignAreRead) {
    if (!fs::exists(fixtures() / "text.chat.sse")) {
        GTEST_SKIP() << "!!!! no fixtures at " << fixtures() << ": set PARLEY_FIXTURES !!!!";
    }
    for (const std::string name : kFixtures) {
        const Events& events = scenarios().at(name).events();
        const std::string as_chat = read_file(fixtures() / (name + ".chat.sse"));
        // Chat has no word for it, so text before a limit always counts as cut.
        std::string got = told(chat().decode(plain_request(), as_chat, true));
        if (const std::size_t cut = got.find(" (cut)"); cut != got.npos) got.erase(cut, 6);
        EXPECT_EQ(got, told(events)) << name;
        const std::string as_responses = read_file(fixtures() / (name + ".responses.sse"));
        EXPECT_EQ(told(responses().decode(plain_request(), as_responses, true)), told(events))
            << name;
    }
}

// ---- properties ----

Events random_reply(uint32_t seed) {
    std::mt19937 random(seed);
    return any_reply(random);
}

constexpr uint32_t kReplies = 300;

TEST(OpenaiReply, StreamsKeepTheRulesOfTheirDialect) {
    for (const auto& [name, script] : scenarios()) {
        EXPECT_EQ(chat_fault(chat().encode(plain_request(), script, true)), "") << name;
        EXPECT_EQ(responses_fault(responses().encode(plain_request(), script, true)), "") << name;
    }
    for (uint32_t seed = 0; seed < kReplies; ++seed) {
        const Events events = random_reply(seed);
        ASSERT_EQ(chat_fault(chat().encode(plain_request(), events, true)), "") << seed;
        ASSERT_EQ(responses_fault(responses().encode(plain_request(), events, true)), "") << seed;
    }
}

// A whole chat reply holds one text, in front of the calls.
bool fits_a_chat_body(const Events& events) {
    uint32_t last = 0;
    for (const Event& e : events) {
        if (e.raw.type != PARLEY_EVENT_PART_STARTED || e.raw.kind == PARLEY_PART_REASONING)
            continue;
        if (e.raw.kind == PARLEY_PART_TEXT && last != 0) return false;
        last = e.raw.kind;
    }
    return true;
}

TEST(OpenaiReply, WhatIsWrittenIsReadBack) {
    int bodies = 0;
    for (uint32_t seed = 0; seed < kReplies; ++seed) {
        const Events events = random_reply(seed);
        for (const Dialect* dialect : {&chat(), &responses()}) {
            const std::string stream = dialect->encode(plain_request(), events, true);
            ASSERT_EQ(told(dialect->decode(plain_request(), stream, true)), told(events))
                << seed << '\n'
                << stream;
            if (dialect == &chat() && !fits_a_chat_body(events)) continue;
            ++bodies;
            const std::string body = dialect->encode(plain_request(), events, false);
            ASSERT_EQ(told(dialect->decode(plain_request(), body, false)), told(events))
                << seed << '\n'
                << body;
        }
    }
    EXPECT_GT(bodies, 400);
}

TEST(OpenaiReply, AStreamAndAWholeReplySayTheSame) {
    for (uint32_t seed = 0; seed < kReplies; ++seed) {
        const Events events = random_reply(seed);
        const auto chat_body =
            json::parse(chat().encode(plain_request(), events, false)).as_object();
        EXPECT_EQ(chat_body, chat_accumulated(chat().encode(plain_request(), events, true)))
            << seed;
        const std::string stream = responses().encode(plain_request(), events, true);
        const auto body =
            json::parse(responses().encode(plain_request(), events, false)).as_object();
        ASSERT_EQ(body, responses_accumulated(stream)) << seed;
        ASSERT_EQ(response_fault(body), "");
    }
}

std::string rewritten(std::string stream, const std::string& line_end, bool space) {
    std::string out;
    for (std::size_t i = 0; i < stream.size(); ++i) {
        const bool after_colon = i >= 5 && stream.compare(i - 5, 6, "data: ") == 0;
        const bool at_line = i == 5 || (i > 5 && stream[i - 6] == '\n');
        if (!space && after_colon && at_line) continue;
        out += stream[i] == '\n' ? line_end : std::string(1, stream[i]);
    }
    return out;
}

TEST(OpenaiReply, EverySplitAndEveryLineEndReadsAlike) {
    for (const auto& [name, script] : scenarios()) {
        for (const Dialect* dialect : {&chat(), &responses()}) {
            const std::string stream = dialect->encode(plain_request(), script, true);
            const std::string whole = lines(dialect->decode(plain_request(), stream, true));
            for (const std::size_t piece : {1, 2, 3, 7, 64}) {
                EXPECT_EQ(lines(dialect->decode(plain_request(), stream, true, piece)), whole)
                    << name << ' ' << piece;
            }
            for (const char* line_end : {"\r\n", "\r"}) {
                for (const std::size_t piece : {0, 1, 5}) {
                    const std::string other = rewritten(stream, line_end, false);
                    EXPECT_EQ(lines(dialect->decode(plain_request(), other, true, piece)), whole)
                        << name;
                }
            }
        }
    }
}

TEST(OpenaiReply, AStreamThatIsCutNeverFinishes) {
    for (const auto& [name, script] : scenarios()) {
        const std::string as_chat = chat().encode(plain_request(), script, true);
        // Chat may end after finish_reason: some servers leave the rest out.
        const std::size_t reason = as_chat.find("\"finish_reason\":\"");
        const std::size_t finish = std::min(as_chat.find("\n\n", reason), as_chat.size());
        for (std::size_t size = 0; size < as_chat.size(); ++size) {
            const Events got = chat().decode(plain_request(), as_chat.substr(0, size), true);
            const bool failed = got.back().raw.type == PARLEY_EVENT_ERROR;
            ASSERT_TRUE(failed || size >= finish) << name << ' ' << size;
        }
        const std::string stream = responses().encode(plain_request(), script, true);
        // The last event may lack its blank line.
        for (std::size_t size = 0; size + 2 < stream.size(); ++size) {
            const Events got = responses().decode(plain_request(), stream.substr(0, size), true);
            ASSERT_EQ(got.back().raw.type, PARLEY_EVENT_ERROR) << name << ' ' << size;
        }
    }
}

TEST(OpenaiReply, ABodyThatIsCutNeverFinishes) {
    for (const Dialect* dialect : {&chat(), &responses()}) {
        const Events& events = scenarios().at("text_tool").events();
        const std::string body = dialect->encode(plain_request(), events, false);
        for (std::size_t size = 0; size < body.size(); ++size) {
            const Events got = dialect->decode(plain_request(), body.substr(0, size), false);
            ASSERT_EQ(got.size(), 1u);
            ASSERT_EQ(got.back().raw.kind, uint32_t{PARLEY_E_UPSTREAM_PROTOCOL}) << size;
        }
    }
}

TEST(OpenaiReply, GarbageBetweenEventsEndsInAnError) {
    for (const char* garbage :
         {"data: {\n\n", "data: x\n\n", "data: []\n\n", "data: {\"a\":1}}\n\n"}) {
        for (const Dialect* dialect : {&chat(), &responses()}) {
            std::string stream =
                dialect->encode(plain_request(), scenarios().at("text_tool").events(), true);
            for (std::size_t at = 0; (at = stream.find("\n\n", at)) != stream.npos; at += 2) {
                if (at + 2 == stream.size()) break;
                std::string spoilt = stream;
                spoilt.insert(at + 2, garbage);
                const Events got = dialect->decode(plain_request(), spoilt, true);
                // The counters are the last that counts.
                const bool after_the_end = spoilt.find("\"choices\":[]") < at;
                if (after_the_end) continue;
                ASSERT_EQ(got.back().raw.kind, uint32_t{PARLEY_E_UPSTREAM_PROTOCOL}) << spoilt;
            }
        }
    }
}

TEST(OpenaiReply, StopSequencesEndAReplyWhereTheUpstreamHasNoPlaceForThem) {
    const std::vector<parley_str> stop{str("END"), str("lo w"), str("3"), str("4"), str("5")};
    parley_request request = plain_request();
    request.stop = stop.data();
    request.stop_count = stop.size();
    Script script;
    script.start().open(1).text("Hel").text("lo").text(" wor").text("ld").end().usage(3, 4).finish(
        1);
    for (const Dialect* dialect : {&chat(), &responses()}) {
        const std::string stream = dialect->encode(plain_request(), script, true);
        const Events got = dialect->decode(request, stream, true, 1);
        EXPECT_EQ(told(got, false), "text Hel\nfinish 2\n");
        EXPECT_EQ(got.back().text, "lo w");
        const std::string body = dialect->encode(plain_request(), script, false);
        EXPECT_EQ(told(dialect->decode(request, body, false), false), "text Hel\nfinish 2\n");
    }
    request.stop_count = 2;
    const std::string stream = chat().encode(plain_request(), script, true);
    EXPECT_EQ(told(chat().decode(request, stream, true), false), "text Hello world\nfinish 1\n");
}

TEST(OpenaiReply, UsageIsKept) {
    for (const Dialect* dialect : {&chat(), &responses()}) {
        Script script;
        script.start().open(1).text("x").end().usage(31, 20, 20, 5, 6).finish(1);
        for (const bool stream : {true, false}) {
            const std::string wire = dialect->encode(plain_request(), script, stream);
            const Events got = dialect->decode(plain_request(), wire, stream);
            const parley_usage usage = sdk::usage_of(got[got.size() - 2].border());
            EXPECT_EQ(usage.known, 31u);
            EXPECT_EQ(usage.input_total, 31u);
            EXPECT_EQ(usage.input_cache_read, 20u);
            EXPECT_EQ(usage.input_cache_write, 5u);
            EXPECT_EQ(usage.output_total, 20u);
            EXPECT_EQ(usage.output_reasoning, 6u);
        }
    }
}

TEST(OpenaiReply, UsageChunksAreForClientsThatAskForThem) {
    parley_request request = plain_request();
    request.flags = PARLEY_REQUEST_STREAM;
    const std::string stream = chat().encode(request, scenarios().at("text").events(), true);
    EXPECT_EQ(stream.find("usage"), stream.npos);
    EXPECT_EQ(chat_fault(stream), "");
}

TEST(OpenaiReply, EveryEndHasAWordInBothDialects) {
    for (uint32_t kind = PARLEY_FINISH_STOP; kind <= PARLEY_FINISH_COMPACTION + 1; ++kind) {
        if (kind == PARLEY_FINISH_TOOL_CALLS) continue;
        Script script;
        script.start().open(1).text("x").end().usage(1, 1).finish(kind);
        for (const Dialect* dialect : {&chat(), &responses()}) {
            const std::string stream = dialect->encode(plain_request(), script, true);
            const std::string fault =
                dialect == &chat() ? chat_fault(stream) : responses_fault(stream);
            EXPECT_EQ(fault, "") << kind;
            const Events got = dialect->decode(plain_request(), stream, true);
            EXPECT_EQ(got.back().raw.type, PARLEY_EVENT_FINISH) << kind;
        }
    }
}

TEST(OpenaiReply, AResponseSaysBackWhatItsClientAsked) {
    Request wire;
    wire.path = "/v1/responses";
    wire.body = R"({"model":"m-x","input":"hi","temperature":0.50,"instructions":"Be brief.",)"
                R"("tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],)"
                R"("metadata":{"a":"b"},"max_output_tokens":99,"store":false})";
    const Decoded asked = responses().decode_request(wire);
    const std::string body =
        responses().encode(*asked.request, scenarios().at("text").events(), false);
    const auto response = json::parse(body).as_object();
    EXPECT_NE(body.find("\"temperature\":0.50"), body.npos);
    EXPECT_EQ(response.at("instructions"), "Be brief.");
    EXPECT_EQ(response.at("tools").as_array().size(), 1u);
    EXPECT_EQ(response.at("metadata").as_object().at("a"), "b");
    EXPECT_EQ(response.at("max_output_tokens"), 99);
}

}  // namespace

}  // namespace parley::codec
