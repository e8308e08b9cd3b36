// Each folder in cases/ is a test; the first word of its name says of what.
//
//   stream-*   wire.sse as this dialect writes it; events.txt is what it means, whole.json the same
//              as one message
//   odd-*      wire.sse as some servers write it; events.txt
//   whole-*    wire.json, one message; events.txt
//
// UPDATE_CASES=1 writes anew what comes out.
#include "claude_test.hpp"

#include <set>

#include "codec/events.hpp"

namespace parley::claude {

namespace {

// Of the parts and the end; ids and counters are spelled anew by who writes them.
std::string joined_lines(const std::vector<Event>& events) {
    std::vector<Event> parts = codec::joined(events);
    std::erase_if(parts, [](const Event& e) {
        return e.raw.type == PARLEY_EVENT_RESPONSE_STARTED || e.raw.type == PARLEY_EVENT_USAGE;
    });
    return codec::lines(parts);
}

std::string decoded_lines(const std::string& wire, bool stream, std::size_t piece = 0) {
    return codec::lines(dialect().decode(codec::plain_request(), wire, stream, piece));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

// A prefix of a stream is whole once it has said why it stops, and is a failure before.
void expect_cuts_to_fail(const std::string& wire) {
    const std::size_t told = wire.find("\"stop_reason\":\"");
    const std::size_t end = told == wire.npos ? wire.size() : wire.find("\n\n", told);
    for (std::size_t size = 0; size < wire.size(); ++size) {
        const auto events = dialect().decode(codec::plain_request(), wire.substr(0, size), true);
        EXPECT_TRUE(size >= end || !is_whole(events)) << size;
        EXPECT_GE(events.back().raw.type, PARLEY_EVENT_FINISH) << size;
    }
}

// ---- streams as this dialect writes them ----

struct StreamCase : Case {
    StreamCase() : Case("stream"), wire(input("wire.sse")) {}

    std::string wire;
};

INSTANTIATE_TEST_SUITE_P(cases, StreamCase, testing::ValuesIn(cases_of("stream")), test_name);

TEST_P(StreamCase, MeansWhatItShould) {
    expect("events.txt", decoded_lines(wire, true));
}

TEST_P(StreamCase, IsWrittenAsItWasRead) {
    const auto events = dialect().decode(codec::plain_request(), wire, true);
    std::vector<Event> shown;
    for (const Event& e : events) {
        // The encoder has a ping of its own behind the start.
        if (e.raw.type != PARLEY_EVENT_PING) shown.push_back(e);
    }
    EXPECT_EQ(dialect().encode(codec::plain_request(), shown, true), wire);
}

TEST_P(StreamCase, MeansTheSameAsOneMessage) {
    const auto events = dialect().decode(codec::plain_request(), wire, true);
    const std::string whole = dialect().encode(codec::plain_request(), events, false);
    expect("whole.json", whole + "\n");
    const auto again = dialect().decode(codec::plain_request(), whole, false);
    EXPECT_EQ(is_whole(events), is_whole(again));
    if (!is_whole(events)) return;
    const std::string rewritten = dialect().encode(codec::plain_request(), again, false);
    EXPECT_EQ(rewritten, whole);
}

TEST_P(StreamCase, MeansTheSameHoweverItComes) {
    const std::string wanted = decoded_lines(wire, true);
    for (std::size_t piece = 1; piece < 8; ++piece) {
        EXPECT_EQ(decoded_lines(wire, true, piece), wanted) << piece;
    }
    for (const char* end : {"\r\n", "\r"}) {
        const std::string other = replaced(wire, "\n", end);
        EXPECT_EQ(decoded_lines(other, true), wanted);
        EXPECT_EQ(decoded_lines(other, true, 1), wanted);
    }
    EXPECT_EQ(decoded_lines(replaced(wire, "data: ", "data:"), true, 1), wanted);
    EXPECT_EQ(decoded_lines("\xef\xbb\xbf: hello\n\n" + wire, true, 1), wanted);
}

TEST_P(StreamCase, IsAFailureWhenCut) {
    expect_cuts_to_fail(wire);
}

TEST_P(StreamCase, IsAFailureWithGarbageInIt) {
    for (std::size_t at = wire.find("\n\n"); at != wire.npos; at = wire.find("\n\n", at + 2)) {
        std::string spoilt = wire;
        spoilt.insert(at + 2, "data: {oops\n\n");
        const auto events = dialect().decode(codec::plain_request(), spoilt, true);
        const bool behind = wire.find("message_stop") < at || wire.find("event: error") < at;
        EXPECT_EQ(events.back().raw.type == PARLEY_EVENT_ERROR,
                  !behind || wire.find("event: error") != wire.npos);
    }
}

// ---- streams of others ----

struct OddCase : Case {
    OddCase() : Case("odd"), wire(input("wire.sse")) {}

    std::string wire;
};

INSTANTIATE_TEST_SUITE_P(cases, OddCase, testing::ValuesIn(cases_of("odd")), test_name);

TEST_P(OddCase, MeansWhatItShould) {
    expect("events.txt", decoded_lines(wire, true));
    EXPECT_EQ(decoded_lines(wire, true, 1), input("events.txt"));
}

// What it means can be written, and means the same then.
TEST_P(OddCase, CanBeWritten) {
    const auto events = dialect().decode(codec::plain_request(), wire, true);
    const std::string proper = dialect().encode(codec::plain_request(), events, true);
    const auto again = dialect().decode(codec::plain_request(), proper, true);
    EXPECT_EQ(dialect().encode(codec::plain_request(), codec::joined(again), true),
              dialect().encode(codec::plain_request(), codec::joined(events), true));
}

// ---- messages ----

struct WholeCase : Case {
    WholeCase() : Case("whole"), wire(input("wire.json")) {}

    std::string wire;
};

INSTANTIATE_TEST_SUITE_P(cases, WholeCase, testing::ValuesIn(cases_of("whole")), test_name);

TEST_P(WholeCase, MeansWhatItShould) {
    expect("events.txt", decoded_lines(wire, false));
    // Whoever asked for a stream may be given one message, and the other way round.
    EXPECT_EQ(decoded_lines(wire, true, 1), input("events.txt"));
}

TEST_P(WholeCase, IsAFailureWhenCut) {
    while (wire.ends_with('\n')) wire.pop_back();
    for (std::size_t size = 0; size < wire.size(); ++size) {
        const auto events = dialect().decode(codec::plain_request(), wire.substr(0, size), false);
        EXPECT_FALSE(is_whole(events)) << size;
        EXPECT_EQ(events.size(), 1u) << size;
    }
}

TEST_P(WholeCase, MeansTheSameAsItsStream) {
    const auto events = dialect().decode(codec::plain_request(), wire, false);
    if (!is_whole(events)) return;
    const std::string stream = dialect().encode(codec::plain_request(), events, true);
    const auto again = dialect().decode(codec::plain_request(), stream, true);
    const std::string written = dialect().encode(codec::plain_request(), events, false);
    EXPECT_EQ(dialect().encode(codec::plain_request(), again, false), written);
    EXPECT_EQ(joined_lines(dialect().decode(codec::plain_request(), written, false)),
              joined_lines(events));
}

// Clients count a message once by its id: upstreams that tell none do not all give the same one.
TEST(Encoder, MakesAnIdWhereTheUpstreamTellsNone) {
    codec::Script script;
    script.start("").open(PARLEY_PART_TEXT).text("so").end().usage(1, 1).finish(PARLEY_FINISH_STOP);
    const codec::Events events = script;
    for (const bool streams : {true, false}) {
        std::set<std::string> ids;
        for (const char* body : {R"({"a":1})", R"({"a":2})"}) {
            parley_request request = codec::plain_request();
            request.raw = sdk::bytes(body);
            const std::string told = dialect().encode(request, events, streams);
            const std::size_t at = told.find(R"("id":"msg_)") + 10;
            const std::string id = told.substr(at, told.find('"', at) - at);
            EXPECT_GT(id.size(), 10u) << told;
            EXPECT_EQ(dialect().encode(request, events, streams), told) << "the same each time";
            ids.insert(id);
        }
        EXPECT_EQ(ids.size(), 2u);
    }
}

}  // namespace

}  // namespace parley::claude
