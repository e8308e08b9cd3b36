// logprobs_test.cpp: log probabilities of tokens cross wherever both wires have them.
#include "parley/sdk/logprobs.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "events.hpp"
#include "fields.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

constexpr const char* kHel =
    R"({"logprobs":{"content":[{"token":"Hel","logprob":-0.25,"bytes":[72,101,108],)"
    R"("top_logprobs":[{"token":"Hel","logprob":-0.25,"bytes":[72,101,108]},)"
    R"({"token":"é\n","logprob":-9.5,"bytes":[195,169,10]}]}]}})";
constexpr const char* kLo =
    R"({"logprobs":{"content":[{"token":"l","logprob":-1,"bytes":[108],"top_logprobs":[]},)"
    R"({"token":"o","logprob":0,"bytes":[111],"top_logprobs":[]}]}})";

// All tokens of a reply, in order.
json::array tokens_of(const Events& events) {
    json::array all;
    for (const Event& e : events) {
        if (e.raw.type != PARLEY_EVENT_TEXT_DELTA) continue;
        sdk::each_logprob(e.extra, [&](std::string_view t) { all.push_back(json::parse(t)); });
    }
    return all;
}

Events told_with_tokens() {
    Script s;
    s.start().open(PARLEY_PART_TEXT).text("Hel", kHel).text("lo", kLo).end();
    s.usage(1, 1).finish(PARLEY_FINISH_STOP);
    return s;
}

TEST(Logprobs, CrossBetweenAllThatHaveThem) {
    const Events said = told_with_tokens();
    const json::array wanted = tokens_of(said);
    ASSERT_EQ(wanted.size(), 3u);
    for (const char* upstream : {"openai-chat", "openai-responses", "gemini-generate"}) {
        for (const char* client : {"openai-chat", "openai-responses", "gemini-generate"}) {
            for (const bool stream : {true, false}) {
                SCOPED_TRACE(std::string(upstream) + " to " + client);
                const auto through = [&](const char* id, const Events& events) {
                    const std::string wire = dialect(id).encode(plain_request(), events, stream);
                    return dialect(id).decode(plain_request(), wire, stream);
                };
                const Events got = through(client, through(upstream, said));
                EXPECT_EQ(tokens_of(got), wanted);
                EXPECT_EQ(told(got, false), "text Hello\nfinish 1\n");
            }
        }
    }
}

// A refusal has them, too, in a list of its own.
TEST(Logprobs, OfARefusalStayWithIt) {
    Script s;
    s.start().open(PARLEY_PART_REFUSAL).text("Hel", kHel).text("lo", kLo).end();
    s.usage(1, 1).finish(PARLEY_FINISH_REFUSAL);
    const Events said = s;
    for (const bool stream : {true, false}) {
        SCOPED_TRACE(stream);
        const std::string wire = dialect("openai-chat").encode(plain_request(), said, stream);
        EXPECT_EQ(wire.find(R"("content":[{"token")"), wire.npos) << wire;
        const Events got = dialect("openai-chat").decode(plain_request(), wire, stream);
        EXPECT_EQ(tokens_of(got), tokens_of(said));
        EXPECT_EQ(told(got, false), told(said, false));
    }
}

TEST(Logprobs, AreNothingToMessages) {
    for (const bool stream : {true, false}) {
        const std::string wire =
            dialect("anthropic-messages").encode(plain_request(), told_with_tokens(), stream);
        EXPECT_EQ(wire.find("logprob"), wire.npos);
    }
}

// As Google spells them: in words what has no number, not at all what is 0.
TEST(Logprobs, OfGeminiAreReadInItsSpelling) {
    const std::string body =
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":)"
        R"("STOP","avgLogprobs":-0.5,"logprobsResult":{"topCandidates":[{"candidates":[{"token":)"
        R"("Hi","tokenId":1},{"token":"Ho","tokenId":2,"logProbability":"-Infinity"}]}],)"
        R"("chosenCandidates":[{"token":"Hi","tokenId":1}]}}]})";
    const Events said = dialect("gemini-generate").decode(plain_request(), body, false);
    const std::string chat = dialect("openai-chat").encode(plain_request(), said, false);
    const json::value reply = json::parse(chat);
    EXPECT_EQ(reply.at_pointer("/choices/0/logprobs/content/0/logprob"), 0);
    EXPECT_EQ(reply.at_pointer("/choices/0/logprobs/content/0/top_logprobs/1/logprob"), -9999.0);
    EXPECT_EQ(reply.at_pointer("/choices/0/logprobs/content/0/bytes"), (json::array{72, 105}));
}

TEST(Logprobs, OfManyTokensHaveAnAverage) {
    const std::string body =
        dialect("gemini-generate").encode(plain_request(), told_with_tokens(), false);
    const json::value reply = json::parse(body);
    EXPECT_NEAR(reply.at_pointer("/candidates/0/avgLogprobs").as_double(), -1.25 / 3, 1e-9);
}

}  // namespace

}  // namespace parley::codec
