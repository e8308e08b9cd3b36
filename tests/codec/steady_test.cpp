// steady_test.cpp: in the middle of a stream no crossing takes memory, whatever crosses.
#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/crossings.hpp"

namespace parley::support {

namespace {

constexpr int kWarm = 100;
constexpr int kDeltas = 1000;
// A text that is kept to its end grows by doubling: not once for each delta.
constexpr std::size_t kDoublings = 8;

struct Taken {
    std::size_t allocations = 0;
    std::size_t bytes = 0;  // that the client would see
    bool fed = false;       // this upstream has such deltas
};

Taken taken_by(const std::string& client, const std::string& upstream, Said said) {
    const Request request(client, 1024);
    Exchange exchange(client, upstream, request);
    const Stream reply = stream(upstream, said, kWarm + kDeltas);
    exchange.open();
    exchange.feed(reply.start);
    std::size_t seen = 0;
    Taken taken;
    for (std::size_t i = 0; i < reply.deltas.size(); ++i) {
        const std::string_view bytes = reply.deltas[i];
        const std::size_t before = allocations();
        // In two pieces: the second finds the first carried over.
        exchange.feed(bytes.substr(0, bytes.size() / 2));
        exchange.feed(bytes.substr(bytes.size() / 2));
        if (i >= kWarm) taken.allocations += allocations() - before;
        if (i >= kWarm) seen += exchange.crossing().out().size();
        taken.fed = taken.fed || !bytes.empty();
        exchange.crossing().out().clear();
    }
    taken.bytes = seen;
    exchange.feed(reply.end, true);
    EXPECT_EQ(exchange.crossing().state(), pipeline::Crossing::State::finished);
    return taken;
}

// Where a text is kept until its part ends.
bool is_kept(const std::string& client, Said said) {
    // Its last events repeat everything.
    if (client == "openai-responses") return true;
    // It has no fragments of arguments: a call comes whole.
    if (client == "gemini-generate" && said == Said::arguments) return true;
    // The stash keeps what was thought before a call.
    return said == Said::reasoning;
}

class Steady : public testing::TestWithParam<Said> {};

TEST_P(Steady, DeltasTakeNoMemory) {
    int crossings = 0;
    for (const std::string& upstream : dialects()) {
        for (const std::string& client : dialects()) {
            if (client == upstream) continue;
            SCOPED_TRACE(upstream + " -> " + client);
            const Taken taken = taken_by(client, upstream, GetParam());
            const bool kept = is_kept(client, GetParam());
            EXPECT_LE(taken.allocations, kept ? kDoublings : 0);
            // The plugin itself keeps these texts.
            if (taken.fed && client == "openai-responses") {
                EXPECT_GT(taken.allocations, 0u) << "what plugins take is not seen here";
            }
            // Gemini's calls come whole: there are no deltas of them, at either end.
            if (GetParam() != Said::arguments || upstream != "gemini-generate") {
                EXPECT_TRUE(taken.fed);
            }
            if (taken.fed && !(GetParam() == Said::arguments && client == "gemini-generate")) {
                EXPECT_GE(taken.bytes, std::size_t{kDeltas} * 30);
            }
            ++crossings;
        }
    }
    EXPECT_EQ(crossings, 12);
}

std::string name_of(const testing::TestParamInfo<Said>& info) {
    switch (info.param) {
        case Said::text:
            return "text";
        case Said::reasoning:
            return "reasoning";
        case Said::arguments:
            return "arguments";
    }
    return "?";
}

INSTANTIATE_TEST_SUITE_P(All,
                         Steady,
                         testing::Values(Said::text, Said::reasoning, Said::arguments),
                         name_of);

}  // namespace

}  // namespace parley::support
