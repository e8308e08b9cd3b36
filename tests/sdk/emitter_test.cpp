// emitter_test.cpp: whatever order an upstream chooses, events come in the grammar's.
#include "parley/sdk/emitter.hpp"

#include <random>

#include "hub_test.hpp"
#include "parley/sdk/fold.hpp"

namespace parley::sdk {

namespace {

using Lines = std::vector<std::string>;

struct EmitterTest : testing::Test {
    EmitterTest() {
        implied.bind(sink.border());
        marked.bind(sink.border());
    }

    TestSink sink;
    Emitter implied{Emitter::Ends::implied};
    Emitter marked{Emitter::Ends::marked};
};

TEST_F(EmitterTest, TextIsOnePartUntilAnotherStarts) {
    implied.start({"r", "m"});
    implied.text(0, "Hel");
    implied.text(0, "lo");
    implied.call(1, {"c1", "f"});
    implied.arguments(1, "{}");
    implied.finish({PARLEY_FINISH_TOOL_CALLS});
    EXPECT_EQ(sink.lines,
              (Lines{"start r",
                     "open 0",
                     "text 0 Hel",
                     "text 0 lo",
                     "end 0 whole",
                     "open 1 c1",
                     "args 1 {}",
                     "end 1 whole",
                     "usage",
                     "finish 3"}));
}

TEST_F(EmitterTest, CallsThatInterleaveComeOneAfterTheOther) {
    implied.start({"r", "m"});
    implied.call(1, {"c1", "f"});
    implied.call(2, {"c2", "g"});
    implied.arguments(2, "{\"b\":");
    implied.arguments(1, "{\"a\":1}");
    implied.arguments(2, "2}");
    implied.finish({PARLEY_FINISH_STOP});
    EXPECT_EQ(sink.lines,
              (Lines{"start r",
                     "open 0 c1",
                     "args 0 {\"a\":1}",
                     "end 0 whole",
                     "open 1 c2",
                     "args 1 {\"b\":",
                     "args 1 2}",
                     "end 1 whole",
                     "usage",
                     "finish 3"}));
}

TEST_F(EmitterTest, MarkedPartsWaitForTheirMark) {
    marked.start({"r", "m"});
    marked.text(0, "a");
    marked.text(1, "b");
    marked.text(0, "c");
    marked.end(1);
    marked.end(0);
    marked.finish({});
    EXPECT_EQ(sink.lines,
              (Lines{"start r",
                     "open 0",
                     "text 0 a",
                     "text 0 c",
                     "end 0 whole",
                     "open 1",
                     "text 1 b",
                     "end 1 whole",
                     "usage",
                     "finish 1"}));
}

TEST_F(EmitterTest, ALimitCutsTheOpenPartUnlessItsArgumentsAreWhole) {
    implied.start({"r", "m"});
    implied.call(1, {"c1", "f"});
    implied.arguments(1, "{\"a\":[1,");
    implied.finish({PARLEY_FINISH_LENGTH});
    EXPECT_EQ(sink.lines.at(3), "end 0 cut");
    EXPECT_EQ(sink.lines.back(), "finish 4");
}

TEST_F(EmitterTest, FinishSaysToolCallsExactlyWhenThereAreSome) {
    implied.start({"r", "m"});
    implied.text(0, "no call");
    implied.finish({PARLEY_FINISH_TOOL_CALLS});
    EXPECT_EQ(sink.lines.back(), "finish 1");
}

TEST_F(EmitterTest, AnErrorLeavesThePartOpenAndIsTheLast) {
    implied.start({"r", "m"});
    implied.text(0, "half");
    implied.fail(PARLEY_E_UPSTREAM_PROTOCOL, "cut");
    implied.text(0, "ghost");
    implied.finish({});
    EXPECT_EQ(sink.lines, (Lines{"start r", "open 0", "text 0 half", "error cut"}));
}

TEST_F(EmitterTest, UsageMergesByField) {
    parley_usage first{};
    first.known = PARLEY_USAGE_INPUT | PARLEY_USAGE_CACHE_READ;
    first.input_total = 31;
    first.input_cache_read = 20;
    parley_usage second{};
    second.known = PARLEY_USAGE_OUTPUT;
    second.output_total = 7;
    marked.start({"r", "m"});
    marked.usage(first);
    marked.usage(second);
    EXPECT_EQ(marked.usage().input_total, 31u);
    EXPECT_EQ(marked.usage().input_cache_read, 20u);
    EXPECT_EQ(marked.usage().output_total, 7u);
    EXPECT_EQ(usage_extra(marked.usage()), R"({"input_cache_read":20})");
}

TEST(JsonEnd, KnowsTheEndOfAValueHoweverItIsCut) {
    const std::string text = R"( {"a":"}\"]","b":[1,{"c":null}]} )";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        JsonEnd end;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            const bool was_whole = end.is_whole();
            end.feed(text.substr(at, piece));
            EXPECT_TRUE(!was_whole || end.is_whole());
        }
        EXPECT_TRUE(end.is_whole()) << piece;
    }
    JsonEnd open;
    open.feed(R"({"a":"}")");
    EXPECT_FALSE(open.is_whole());
    JsonEnd nothing;
    nothing.feed(" \n");
    EXPECT_FALSE(nothing.is_whole());
}

// Random orders of deltas of several parts: each part comes whole, in the order of its start.
TEST(EmitterRandom, AnyInterleavingKeepsEveryPartWhole) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        const auto roll = [&](unsigned below) { return random() % below; };
        TestSink sink;
        Emitter emitter(Emitter::Ends::marked);
        emitter.bind(sink.border());
        emitter.start({"r", "m"});
        const unsigned count = 1 + roll(5);
        std::vector<std::string> said(count);
        std::vector<unsigned> order;
        std::vector<bool> ended(count);
        for (int step = 0; step < 40; ++step) {
            const unsigned part = roll(count);
            if (ended[part]) continue;
            const std::string piece(1 + roll(3), static_cast<char>('a' + part));
            if (!emitter.has(part) && said[part].empty()) order.push_back(part);
            said[part] += piece;
            emitter.text(part, piece);
            if (roll(6) == 0) {
                ended[part] = true;
                emitter.end(part);
            }
        }
        emitter.finish({});
        std::vector<std::string> got(order.size());
        for (const std::string& line : sink.lines) {
            if (line.starts_with("text ")) {
                const std::size_t space = line.find(' ', 5);
                got.at(std::stoul(line.substr(5))) += line.substr(space + 1);
            }
        }
        for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(got[i], said[order[i]]) << seed;
        EXPECT_EQ(sink.lines.back(), "finish 1");
    }
}

TEST(Fold, JoinsDeltasAndKeepsSections) {
    Fold fold;
    const auto add = [&](uint16_t type, uint32_t kind, uint64_t a, std::string_view text) {
        parley_event e = make_event(type);
        e.kind = kind;
        e.a = a;
        e.text = str(text);
        return fold.add(e);
    };
    add(PARLEY_EVENT_RESPONSE_STARTED, 0, 7, "r1");
    add(PARLEY_EVENT_PART_STARTED, PARLEY_PART_REASONING, 0, "");
    add(PARLEY_EVENT_REASONING_DELTA, PARLEY_PART_REASONING, 0, "one ");
    add(PARLEY_EVENT_REASONING_DELTA, PARLEY_PART_REASONING, 0, "two");
    add(PARLEY_EVENT_REASONING_DELTA, PARLEY_PART_REASONING, 1, "three");
    add(PARLEY_EVENT_PART_ENDED, PARLEY_PART_REASONING, 0, "");
    add(PARLEY_EVENT_PART_STARTED, PARLEY_PART_TOOL_CALL, 1, "c1");
    add(PARLEY_EVENT_TOOL_ARGS_DELTA, PARLEY_PART_TOOL_CALL, 0, "{}");
    EXPECT_TRUE(add(PARLEY_EVENT_FINISH, PARLEY_FINISH_TOOL_CALLS, 0, ""));
    const FoldedReply& reply = fold.reply();
    EXPECT_EQ(reply.id, "r1");
    EXPECT_EQ(reply.created_s, 7u);
    ASSERT_EQ(reply.parts.size(), 2u);
    ASSERT_EQ(reply.parts[0].sections.size(), 2u);
    EXPECT_EQ(reply.parts[0].sections[0].text, "one two");
    EXPECT_EQ(reply.parts[0].sections[1].text, "three");
    EXPECT_EQ(reply.parts[1].text, "{}");
    EXPECT_EQ(reply.finish, static_cast<uint32_t>(PARLEY_FINISH_TOOL_CALLS));
}

}  // namespace

}  // namespace parley::sdk
