// replies_test.cpp: every recorded reply, decoded whole and in pieces, cut anywhere, and through
// every other dialect and back.
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "codec.hpp"
#include "corpus.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::codec {

namespace {

const std::vector<std::string> kDialects{
    "openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"};

const Dialect& dialect(const std::string& id) {
    static std::map<std::string, std::unique_ptr<Dialect>> all;
    auto& one = all[id];
    if (one == nullptr) one = std::make_unique<Dialect>(id);
    return *one;
}

bool is_generated(const Recorded& r) {
    if (r.status >= 400 || r.reply.empty()) return false;
    return r.wire != "gemini-generate" || r.path.find("enerateContent") != std::string::npos ||
           r.path.empty();
}

// What every dialect can say of a reply.
struct Meaning {
    std::string text;
    std::string reasoning;
    std::string calls;
    std::string finish;
    std::string usage;

    bool operator==(const Meaning&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Meaning& m) {
    return out << "text " << m.text.substr(0, 200) << "\nreasoning " << m.reasoning.substr(0, 200)
               << "\ncalls " << m.calls.substr(0, 400) << "\nfinish " << m.finish << "\nusage "
               << m.usage;
}

// STOP_SEQUENCE and its like are told as STOP where a dialect has no word for them.
std::string finish_of(const Event& e) {
    if (e.raw.type == PARLEY_EVENT_ERROR) return "error";
    switch (e.raw.kind) {
        case PARLEY_FINISH_TOOL_CALLS:
            return "calls";
        case PARLEY_FINISH_LENGTH:
        case PARLEY_FINISH_CONTEXT_LENGTH:
            return "length";
        case PARLEY_FINISH_REFUSAL:
        case PARLEY_FINISH_CONTENT_FILTER:
            return "refused";
        default:
            return "stop";
    }
}

Meaning meaning_of(const std::vector<Event>& events) {
    Meaning m;
    for (const Event& e : events) {
        switch (e.raw.type) {
            case PARLEY_EVENT_PART_STARTED:
                if (e.raw.kind == PARLEY_PART_TOOL_CALL) m.calls += "\n" + e.name + ' ';
                break;
            case PARLEY_EVENT_TEXT_DELTA:
                m.text += e.text;
                break;
            case PARLEY_EVENT_REASONING_DELTA:
                m.reasoning += e.text;
                break;
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
                m.calls += e.text;
                break;
            case PARLEY_EVENT_USAGE: {
                const parley_usage u = sdk::usage_of(e.border());
                m.usage = std::to_string(u.input_total) + " in " + std::to_string(u.output_total) +
                          " out";
                break;
            }
            case PARLEY_EVENT_FINISH:
            case PARLEY_EVENT_ERROR:
                m.finish = finish_of(e);
                break;
            default:
                break;
        }
    }
    return m;
}

class Replies : public testing::TestWithParam<std::string> {};

TEST_P(Replies, SayTheSameHoweverTheyAreCut) {
    constexpr std::size_t kBytesMax = 40'000;
    const Dialect& own = dialect(GetParam());
    int seen = 0;
    for (const Recorded& r : corpus()) {
        if (r.wire != GetParam() || !is_generated(r)) continue;
        SCOPED_TRACE(r.id);
        const auto whole = own.decode(plain_request(), r.reply, r.streamed);
        EXPECT_EQ(whole.back().raw.type, r.streamed ? whole.back().raw.type : PARLEY_EVENT_FINISH);
        ++seen;
        if (r.reply.size() > kBytesMax) continue;
        for (const std::size_t piece : {1, 7, 1000}) {
            const auto pieces = own.decode(plain_request(), r.reply, r.streamed, piece);
            EXPECT_EQ(lines(joined(whole)), lines(joined(pieces))) << "pieces of " << piece;
        }
    }
    std::cout << GetParam() << ": " << seen << " recorded replies\n";
}

// A stream that ends anywhere before its end is an error, and never a success.
TEST_P(Replies, NeverFinishWhenTheyAreCutShort) {
    const Dialect& own = dialect(GetParam());
    int cuts = 0;
    for (const Recorded& r : corpus()) {
        if (r.wire != GetParam() || !is_generated(r) || !r.streamed) continue;
        SCOPED_TRACE(r.id);
        const auto whole = own.decode(plain_request(), r.reply, true);
        const std::size_t step = std::max<std::size_t>(r.reply.size() / 40, 1);
        for (std::size_t size = 0; size + 200 < r.reply.size(); size += step) {
            const auto part = own.decode(plain_request(), r.reply.substr(0, size), true);
            ++cuts;
            if (part.back().raw.type == PARLEY_EVENT_ERROR) continue;
            // What had said that it was complete, was.
            EXPECT_EQ(meaning_of(part), meaning_of(whole)) << "cut at " << size;
        }
    }
    std::cout << GetParam() << ": " << cuts << " cuts\n";
}

TEST_P(Replies, KeepTheirMeaningThroughEveryDialect) {
    const Dialect& own = dialect(GetParam());
    for (const std::string& id : kDialects) {
        int same = 0;
        int refused = 0;
        for (const Recorded& r : corpus()) {
            if (r.wire != GetParam() || !is_generated(r)) continue;
            SCOPED_TRACE(r.id + " through " + id);
            const auto events = own.decode(plain_request(), r.reply, r.streamed);
            if (events.back().raw.type == PARLEY_EVENT_ERROR) {
                ++refused;
                continue;
            }
            const Meaning wanted = meaning_of(events);
            for (const bool stream : {true, false}) {
                const std::string wire = dialect(id).encode(plain_request(), events, stream);
                const auto back = dialect(id).decode(plain_request(), wire, stream);
                const Meaning got = meaning_of(back);
                EXPECT_EQ(wanted.text, got.text) << (stream ? "streamed" : "whole");
                EXPECT_EQ(wanted.reasoning, got.reasoning) << (stream ? "streamed" : "whole");
                EXPECT_EQ(wanted.finish, got.finish) << (stream ? "streamed" : "whole");
                EXPECT_EQ(wanted.usage, got.usage) << (stream ? "streamed" : "whole");
                same += wanted == got ? 1 : 0;
            }
        }
        std::cout << GetParam() << " through " << id << ": " << same << " the same, " << refused
                  << " are errors\n";
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Replies, testing::ValuesIn(kDialects), [](const auto& dialect_id) {
    std::string name = dialect_id.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace

}  // namespace parley::codec
