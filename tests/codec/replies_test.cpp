// replies_test.cpp: every recorded reply, decoded whole and in pieces, cut anywhere, and through
// every other dialect and back.
#include <iostream>
#include <map>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
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

// A call's arguments as a value: dialects spell them differently. Free text comes wrapped where a
// wire knows functions only, and without the request nobody can unwrap it.
std::string value_of(const std::string& arguments) {
    if (arguments.empty()) return "{}";
    boost::system::error_code wrong;
    const auto value = boost::json::parse(arguments, wrong);
    if (wrong) return arguments;
    if (const auto* object = value.if_object(); object != nullptr && object->size() == 1) {
        const auto* input = object->if_contains("input");
        if (input != nullptr && input->is_string())
            return value_of(std::string(input->as_string()));
    }
    return boost::json::serialize(value);
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
    if (e.raw.type == PARLEY_EVENT_ERROR) return "error: " + e.text;
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
    uint64_t section = 0;
    std::string arguments;
    for (const Event& e : events) {
        switch (e.raw.type) {
            case PARLEY_EVENT_PART_STARTED:
                section = 0;
                arguments.clear();
                if (e.raw.kind == PARLEY_PART_TOOL_CALL) m.calls += "\n" + e.name + ' ';
                break;
            case PARLEY_EVENT_TEXT_DELTA:
                m.text += e.text;
                break;
            case PARLEY_EVENT_REASONING_DELTA:
                // Where a dialect has no sections, blank lines stand between them.
                if (e.raw.a != section && !m.reasoning.empty()) m.reasoning += "\n\n";
                section = e.raw.a;
                m.reasoning += e.text;
                break;
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
                arguments += e.text;
                break;
            case PARLEY_EVENT_PART_ENDED:
                if (e.raw.kind == PARLEY_PART_TOOL_CALL) m.calls += value_of(arguments);
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

// "text: one, other" for each field that differs; cut short, since replies are long.
std::string differences(const Meaning& wanted, const Meaning& got) {
    std::string out;
    const auto compare = [&](const char* field, const std::string& a, const std::string& b) {
        if (a == b) return;
        const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
        const auto from = static_cast<std::size_t>(std::max<std::ptrdiff_t>(at - 20, 0));
        out += std::string(field) + ": " + a.substr(from, 80) + " <> " + b.substr(from, 80) + '\n';
    };
    compare("text", wanted.text, got.text);
    compare("reasoning", wanted.reasoning, got.reasoning);
    compare("calls", wanted.calls, got.calls);
    compare("finish", wanted.finish, got.finish);
    compare("usage", wanted.usage, got.usage);
    return out;
}

class Replies : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (corpus().empty()) GTEST_SKIP() << "no corpus";
    }
};

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
        const Meaning wanted = meaning_of(own.decode(plain_request(), r.reply, true));
        const std::size_t step = std::max<std::size_t>(r.reply.size() / 40, 1);
        for (std::size_t size = 0; size + 200 < r.reply.size(); size += step) {
            const auto part = own.decode(plain_request(), r.reply.substr(0, size), true);
            ++cuts;
            if (part.back().raw.type == PARLEY_EVENT_ERROR) continue;
            // What had said that it was complete, was; only its usage may have been to come.
            Meaning got = meaning_of(part);
            got.usage = wanted.usage;
            EXPECT_EQ(got, wanted) << "cut at " << size;
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
                EXPECT_EQ(differences(wanted, got), "") << (stream ? "streamed" : "whole");
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
