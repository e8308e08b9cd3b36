// replies_test.cpp: every recorded reply, decoded whole and in pieces, cut anywhere, and through
// every other dialect and back.
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "codec.hpp"
#include "corpus.hpp"
#include "fields.hpp"
#include "meaning.hpp"

namespace parley::codec {

namespace {

bool is_generated(const Recorded& r) {
    if (r.status >= 400 || r.reply.empty()) return false;
    return r.wire != "gemini-generate" || r.path.find("enerateContent") != std::string::npos ||
           r.path.empty();
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
