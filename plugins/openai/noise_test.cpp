// Replies and requests with faults in them: events stay in order, what is written stays legal.
#include <random>

#include <gtest/gtest.h>

#include "codec/corpus.hpp"
#include "codec/events.hpp"
#include "codec/wire.hpp"

namespace parley::codec {

namespace {

const Dialect& chat() {
    static const Dialect dialect("openai-chat");
    return dialect;
}

const Dialect& responses() {
    static const Dialect dialect("openai-responses");
    return dialect;
}

// A few bytes or lines of a text lost, doubled, swapped or replaced.
std::string spoilt(std::string text, std::mt19937& random) {
    static const std::string kNoise[] = {"\"",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         "null",
                                         "0",
                                         "-1",
                                         "\\",
                                         "\\u12",
                                         "\xff",
                                         "\n\n",
                                         "data: ",
                                         "\"index\":9,",
                                         "{}"};
    for (std::size_t n = 1 + random() % 3; n != 0 && !text.empty(); --n) {
        const std::size_t at = random() % text.size();
        const std::size_t size = std::min<std::size_t>(1 + random() % 60, text.size() - at);
        switch (random() % 4) {
            case 0:
                text.erase(at, size);
                break;
            case 1:
                text.insert(at, text.substr(random() % text.size(), size));
                break;
            case 2:
                text[at] = text[random() % text.size()];
                break;
            default:
                text.insert(at, kNoise[random() % std::size(kNoise)]);
                break;
        }
    }
    return text;
}

void check_reply(const Dialect& dialect, const std::string& wire, bool stream) {
    const Events whole = dialect.decode(plain_request(), wire, stream);
    ASSERT_EQ(lines(joined(dialect.decode(plain_request(), wire, stream, 1))), lines(joined(whole)))
        << wire;
    if (whole.front().raw.type != PARLEY_EVENT_RESPONSE_STARTED) return;
    ASSERT_EQ(chat_fault(chat().encode(plain_request(), whole, true)), "") << wire;
    ASSERT_EQ(responses_fault(responses().encode(plain_request(), whole, true)), "") << wire;
    if (whole.back().raw.type == PARLEY_EVENT_ERROR) return;
    for (const Dialect* other : {&chat(), &responses()}) {
        EXPECT_NO_THROW(boost::json::parse(other->encode(plain_request(), whole, false))) << wire;
    }
}

TEST(OpenaiNoise, RepliesKeepTheGrammar) {
    std::mt19937 random(3);
    for (int i = 0; i < 1500; ++i) {
        const Events events = any_reply(random);
        for (const Dialect* dialect : {&chat(), &responses()}) {
            const bool stream = random() % 4 != 0;
            const std::string wire = dialect->encode(plain_request(), events, stream);
            check_reply(*dialect, spoilt(wire, random), stream);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(OpenaiNoise, RecordedRepliesKeepTheGrammar) {
    constexpr std::size_t kBytesMax = 8000;
    if (corpus().empty()) GTEST_SKIP() << "!!!! no corpus: set PARLEY_CORPUS !!!!";
    std::mt19937 random(4);
    int seen = 0;
    for (const Recorded& r : corpus()) {
        const bool is_chat = r.wire == "openai-chat";
        if (!is_chat && r.wire != "openai-responses") continue;
        if (r.reply.empty() || r.reply.size() > kBytesMax) continue;
        ++seen;
        SCOPED_TRACE(r.id);
        check_reply(is_chat ? chat() : responses(), spoilt(r.reply, random), r.streamed);
        if (HasFatalFailure()) return;
    }
    std::cout << seen << " recorded replies were spoilt\n";
}

TEST(OpenaiNoise, RequestsAreReadOrRefused) {
    constexpr std::size_t kBytesMax = 20000;
    if (corpus().empty()) GTEST_SKIP() << "!!!! no corpus: set PARLEY_CORPUS !!!!";
    std::mt19937 random(5);
    int read = 0;
    int refused = 0;
    for (const Recorded& r : corpus()) {
        const bool is_chat = r.wire == "openai-chat";
        if (!is_chat && r.wire != "openai-responses") continue;
        if (r.request.empty() || r.request.size() > kBytesMax) continue;
        SCOPED_TRACE(r.id);
        for (int i = 0; i < 3; ++i) {
            Request wire;
            wire.path = is_chat ? "/v1/chat/completions" : "/v1/responses";
            wire.body = i == 0 ? r.request : spoilt(r.request, random);
            try {
                const Decoded asked = (is_chat ? chat() : responses()).decode_request(wire);
                ++read;
                for (const Dialect* to : {&chat(), &responses()}) {
                    const std::string body = to->encode_request(*asked.request, "m").body;
                    EXPECT_NO_THROW(boost::json::parse(body)) << body;
                }
            } catch (const Refused& why) {
                ++refused;
                EXPECT_TRUE(why.error_class == PARLEY_E_INVALID_ARGUMENT ||
                            why.error_class == PARLEY_E_UNSUPPORTED)
                    << why.what();
            }
        }
    }
    std::cout << read << " requests were read, " << refused << " refused\n";
}

}  // namespace

}  // namespace parley::codec
