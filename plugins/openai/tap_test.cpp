// Taps: what cases/ cannot hold. Huge events, broken streams by the thousand, the event that
// tap_fail writes.
#include <array>
#include <random>

#include <boost/json.hpp>

#include "openai_test.hpp"
#include "support/guarded.hpp"

namespace parley::openai {

namespace {

const ReplyKind kChat{};
const ReplyKind kResponses{"/v1/responses", "text/event-stream", false};
const ReplyKind kImages{"/v1/images/generations", "text/event-stream", false};

std::string event(const std::string& json) {
    return "data: " + json + "\n\n";
}

std::string chunk(const std::string& content, const std::string& finish = "null") {
    return event(R"({"id":"c","choices":[{"index":0,"delta":{"content":")" + content +
                 R"("},"finish_reason":)" + finish + "}]}");
}

const std::string kDone = event("[DONE]");
const std::string kChatEnd = chunk("", "\"stop\"") + kDone;
const std::string kResponsesEnd = event(R"({"type":"response.completed","response":{}})");

// ---- large replies ----

// What a tap held back before lies in pages that cannot be read any more: a second look crashes.
void expect_one_look(const ReplyKind& kind, const std::string& stream, const Outcome& wanted) {
    test::GuardedPages pages(stream.size());
    const std::string_view kept = pages.at_begin(stream);
    const std::size_t end = kept.rfind("\n\n", kept.size() - 3) + 1;
    Watched watched(kind);
    for (std::size_t offered = 1024; offered < end - 1; offered += 1024) {
        watched.feed_in_place(kept.substr(0, offered), false);
        ASSERT_EQ(watched.tap().taken, 0u);
        pages.forget_before(kept.data() + offered);
    }
    pages.remember();
    watched.feed_in_place(kept, true);
    Outcome seen = watched.seen();
    EXPECT_EQ(seen.taken.size(), stream.size());
    EXPECT_EQ(seen.state, wanted.state);
    EXPECT_EQ(seen.status, wanted.status);
}

TEST(Tap, LooksAtEachByteOfAHugeEventOnce) {
    const std::string text(8 << 20, 'x');
    const std::string typed = R"({"type":"response.image_generation_call.partial_image","b64":")";
    Outcome complete;
    complete.state = PARLEY_TAP_COMPLETE;
    expect_one_look(kChat, chunk(text, "\"stop\"") + kDone, complete);
    expect_one_look(kResponses, event(typed + text + "\"}") + kResponsesEnd, complete);
    expect_one_look(kImages, event(typed + text + "\"}") + kDone, complete);
}

TEST(Tap, TakesLargeEventsWholeHoweverTheyCome) {
    std::string text(1 << 20, 'x');
    for (std::size_t i = 0; i + 8 < text.size(); i += 1000) text.replace(i, 8, "\\u00e9\\n");
    const std::string stream = chunk(text) + chunk(text) + kChatEnd;
    const Outcome wanted = watch(kChat, {stream});
    EXPECT_TRUE(wanted.complete());
    EXPECT_TRUE(wanted.taken == stream);
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < stream.size(); at += 65521) {
        pieces.push_back(std::string_view(stream).substr(at, 65521));
    }
    EXPECT_TRUE(watch(kChat, pieces) == wanted);
}

TEST(Tap, TakesLargeJsonAsItComes) {
    const ReplyKind json{"/v1/embeddings", "application/json", false};
    std::string body = R"({"data":[{"embedding":[0.5)";
    while (body.size() < 1 << 20) body += ",-0.0123456789";
    body += R"(]}],"usage":{"prompt_tokens":8}})";
    Watched watched(json);
    for (std::size_t at = 0; at < body.size(); at += 4096) {
        ASSERT_TRUE(watched.feed(std::string_view(body).substr(at, 4096), false));
        ASSERT_EQ(watched.seen().taken.size(), std::min(at + 4096, body.size()));
    }
    EXPECT_EQ(watched.seen().state, static_cast<uint32_t>(PARLEY_TAP_COMPLETE));
    EXPECT_EQ(watched.seen().usage[1], 8u);
}

// What is too long to keep is still seen to be there.
TEST(Tap, SeesAnErrorTooLongToKeep) {
    const ReplyKind json{kChat.path, "application/json", false};
    const std::string body =
        R"({"error":{"message":"no","detail":")" + std::string(17000, 'x') + "\"}}";
    const Outcome seen = watch(json, {body});
    EXPECT_EQ(seen.state, static_cast<uint32_t>(PARLEY_TAP_FAILED));
    EXPECT_EQ(seen.error_class, PARLEY_E_UPSTREAM_FAILED);
    for (std::size_t at = 0; at < body.size(); at += 997) {
        EXPECT_EQ(
            watch(json, {std::string_view(body).substr(0, at), std::string_view(body).substr(at)}),
            seen)
            << at;
    }
}

// ---- broken streams ----

std::string mutated(std::string text, std::mt19937& random) {
    for (std::size_t n = random() % 3; n > 0 && !text.empty(); --n) {
        using std::literals::string_view_literals::operator""sv;
        constexpr std::string_view kBytes = "{}[]\",:\\ \r\n0tfnd\0\x80\xff"sv;
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
            case 0:
                text[at] = kBytes[random() % kBytes.size()];
                break;
            case 1:
                text.erase(at, 1 + random() % 5);
                break;
            case 2:
                text.insert(at, text.substr(random() % text.size(), random() % 30));
                break;
            default:
                text.resize(at);
        }
    }
    return text;
}

void expect_invariant(const ReplyKind& kind, const std::string& stream, std::mt19937& random) {
    const Outcome wanted = watch(kind, {stream});
    ASSERT_TRUE(stream.starts_with(wanted.taken));
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < stream.size(); ++i) {
        bytes.push_back(std::string_view(stream).substr(i, 1));
    }
    ASSERT_EQ(watch(kind, bytes), wanted) << stream;
    const std::size_t at = random() % (stream.size() + 1);
    const std::string_view view = stream;
    ASSERT_EQ(watch(kind, {view.substr(0, at), view.substr(at)}), wanted) << at << " of " << stream;
}

TEST(Tap, SeesTheSameOfBrokenStreamsHoweverCut) {
    const std::string added = event(R"({"type":"response.output_item.added","item":{}})");
    const std::array<std::pair<ReplyKind, std::string>, 4> streams{{
        {kChat, chunk("a") + ": c\r\n\r\n" + chunk("b\\u00e9") + kChatEnd},
        {{kChat.path, kChat.content_type, true},
         chunk("a") + chunk("", "\"stop\"") +
             event(R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})") + kDone},
        {kResponses,
         event(R"({"type":"response.created","response":{"id":"r"}})") + added + kResponsesEnd},
        {kImages,
         event(R"({"type":"image_generation.partial_image"})") +
             event(R"({"type":"image_generation.completed","usage":{"input_tokens":1}})")},
    }};
    std::mt19937 random(51);
    int refused = 0;
    int complete = 0;
    for (int i = 0; i < 4000; ++i) {
        const auto& [kind, whole] = streams[i % streams.size()];
        const std::string stream = mutated(whole, random);
        expect_invariant(kind, stream, random);
        if (HasFatalFailure()) return;
        const Outcome seen = watch(kind, {stream});
        refused += seen.status != PARLEY_OK;
        complete += seen.complete();
    }
    EXPECT_GT(refused, 400);
    EXPECT_GT(complete, 400);
}

TEST(Tap, IsNotCompleteWhereverTheStreamIsCut) {
    const std::string item = event(R"({"type":"response.output_item.done","item":{"id":"m"}})");
    const std::string responses = item + item;
    for (std::size_t size = 0; size <= responses.size(); ++size) {
        ASSERT_FALSE(watch(kResponses, {std::string_view(responses).substr(0, size)}).complete());
    }
    const std::string chat = chunk("a") + chunk("data: [DONE]\\n\\n") + chunk("b");
    for (std::size_t size = 0; size <= chat.size(); ++size) {
        ASSERT_FALSE(watch(kChat, {std::string_view(chat).substr(0, size)}).complete()) << size;
    }
}

TEST(Tap, KeepsWhatItJudgedBeforeGarbage) {
    const std::string good = chunk("a");
    const Outcome seen = watch(kChat, {good + event("oops") + kDone});
    EXPECT_EQ(seen.status, -PARLEY_E_UPSTREAM_PROTOCOL);
    EXPECT_EQ(seen.state, static_cast<uint32_t>(PARLEY_TAP_CONTENT));
    EXPECT_EQ(seen.taken, good);
    // Garbage as the first thing shows nothing, so that another upstream may be asked.
    for (const char* first :
         {"data: oops\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"x\"\n\n"}) {
        EXPECT_EQ(watch(kChat, {first}).state, static_cast<uint32_t>(PARLEY_TAP_OPEN));
    }
    const ReplyKind html{kChat.path, "text/html", false};
    EXPECT_EQ(watch(html, {"<html>"}).state, static_cast<uint32_t>(PARLEY_TAP_OPEN));
}

// ---- the event of a broken stream ----

parley_error broken(const TestArena& arena) {
    parley_error error = cleared(arena);
    error.error_class = PARLEY_E_UPSTREAM_PROTOCOL;
    error.message = str("upstream: \"cut\"\n\xc3\xa4\xff");
    return error;
}

// The JSON of each event, its name checked.
std::vector<boost::json::object> events_of(const std::string& bytes, bool named) {
    std::vector<boost::json::object> all;
    std::size_t from = 0;
    for (const std::size_t end : event_ends(bytes)) {
        const std::string_view each = std::string_view(bytes).substr(from, end - from);
        const std::size_t data = each.find("data: ");
        EXPECT_TRUE(each.ends_with("\n\n"));
        const std::string_view json = each.substr(data + 6, each.size() - data - 8);
        all.push_back(boost::json::parse({json.data(), json.size()}).as_object());
        if (named) {
            const auto& type = all.back().at("type").as_string();
            EXPECT_EQ(each.substr(0, data), "event: " + std::string(type) + "\n");
        }
        from = end;
    }
    return all;
}

void expect_four_keys(const boost::json::object& error) {
    EXPECT_EQ(error.size(), 4u);
    for (const char* key : {"message", "type", "param", "code"}) EXPECT_TRUE(error.contains(key));
    EXPECT_TRUE(error.at("code").is_string() || error.at("code").is_null());
}

TEST(TapFail, WritesTheErrorOfAChatStream) {
    const TestArena arena;
    for (const ReplyKind& kind : {kChat, kImages}) {
        Watched watched(kind);
        watched.feed(chunk("a"), false);
        const std::string bytes = watched.fail(broken(arena));
        const auto events = events_of(bytes, false);
        ASSERT_EQ(events.size(), 1u);
        const auto& error = events[0].at("error").as_object();
        expect_four_keys(error);
        EXPECT_EQ(error.at("message").as_string(), "upstream: \"cut\"\n\xc3\xa4\xef\xbf\xbd");
        EXPECT_EQ(error.at("code").as_string(), "bad_gateway");
        // A tap in front of us would understand it.
        EXPECT_EQ(watch(kind, {chunk("a"), bytes}).state, static_cast<uint32_t>(PARLEY_TAP_FAILED));
    }
}

TEST(TapFail, WritesBothErrorsOfAResponsesStream) {
    const TestArena arena;
    Watched watched(kResponses);
    watched.feed(event(R"({"type":"response.created","sequence_number":0,)"
                       R"("response":{"model":"m\u00e9","created_at":17e8,"id":"resp\"1"}})"),
                 false);
    watched.feed(
        event(R"({"type":"response.in_progress","sequence_number":1,"response":{"id":"x"}})"),
        false);
    watched.feed(event(R"({"type":"response.output_text.delta","sequence_number":41})"), false);
    const std::string bytes = watched.fail(broken(arena));
    const auto events = events_of(bytes, true);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].at("type").as_string(), "error");
    EXPECT_EQ(events[0].at("sequence_number").as_int64(), 42);
    EXPECT_EQ(events[0].at("code").as_string(), "bad_gateway");
    EXPECT_TRUE(events[0].at("param").is_null());
    expect_four_keys(events[0].at("error").as_object());
    EXPECT_EQ(events[0].at("message"), events[0].at("error").as_object().at("message"));
    EXPECT_EQ(events[1].at("type").as_string(), "response.failed");
    EXPECT_EQ(events[1].at("sequence_number").as_int64(), 43);
    const auto& response = events[1].at("response").as_object();
    EXPECT_EQ(response.at("id").as_string(), "resp\"1");
    EXPECT_EQ(response.at("model").as_string(), "m\xc3\xa9");
    EXPECT_EQ(response.at("created_at").as_double(), 17e8);
    EXPECT_EQ(response.at("status").as_string(), "failed");
    EXPECT_EQ(response.at("error").as_object().at("code").as_string(), "bad_gateway");
    EXPECT_TRUE(response.at("output").as_array().empty());
    const Outcome seen = watch(kResponses, {bytes});
    EXPECT_EQ(seen.state, static_cast<uint32_t>(PARLEY_TAP_FAILED));
    EXPECT_EQ(seen.error_code, "bad_gateway");
}

TEST(TapFail, CountsSequenceNumbersThatMakeSense) {
    const TestArena arena;
    const std::pair<const char*, int64_t> numbers[] = {{"7", 8},
                                                       {"0", 1},
                                                       {"null", 0},
                                                       {"\"7\"", 0},
                                                       {"-1", 0},
                                                       {"1.5", 0},
                                                       {"9007199254740991", 1LL << 53},
                                                       {"9223372036854775807", 0},
                                                       {"18446744073709551615", 0},
                                                       {"99999999999999999999", 0}};
    for (const auto& [number, next] : numbers) {
        Watched watched(kResponses);
        watched.feed(event(std::string(R"({"sequence_number":)") + number + R"(,"type":"x"})"),
                     false);
        const auto events = events_of(watched.fail(broken(arena)), true);
        ASSERT_EQ(events.size(), 2u);
        EXPECT_EQ(events[0].at("sequence_number").as_int64(), next) << number;
        EXPECT_EQ(events[1].at("sequence_number").as_int64(), next + 1) << number;
        EXPECT_EQ(events[1].at("response").as_object().at("id").as_string(), "");
    }
}

TEST(TapFail, DoesWithoutWhatTheResponseDidNotSay) {
    const TestArena arena;
    Watched watched(kResponses);
    watched.feed(event(R"({"type":"response.created","response":{"model":"m"}})"), false);
    const auto events = events_of(watched.fail(broken(arena)), true);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[1].at("response").as_object().at("id").as_string(), "");
    EXPECT_EQ(events[1].at("response").as_object().at("model").as_string(), "m");
}

TEST(TapFail, SaysWhenToTryAgain) {
    const TestArena arena;
    parley_error error = broken(arena);
    error.error_class = PARLEY_E_RATE_LIMITED;
    error.message = str("slow down");
    error.retry_after_ms = 1500;
    Watched watched(kResponses);
    const auto events = events_of(watched.fail(error), true);
    const auto& told = events[1].at("response").as_object().at("error").as_object();
    EXPECT_EQ(told.at("message").as_string(), "slow down, try again in 2s");
    EXPECT_EQ(told.at("code").as_string(), "rate_limit_exceeded");
    EXPECT_EQ(events[0].at("message").as_string(), "slow down, try again in 2s");
}

TEST(TapFail, WritesValidEventsForEveryClass) {
    const TestArena arena;
    parley_error error = broken(arena);
    for (error.error_class = 0; error.error_class <= 30; ++error.error_class) {
        Watched chat(kChat);
        const auto one = events_of(chat.fail(error), false);
        EXPECT_EQ(one.size(), 1u);
        expect_four_keys(one.at(0).at("error").as_object());
        Watched responses(kResponses);
        const auto two = events_of(responses.fail(error), true);
        EXPECT_EQ(two.size(), 2u);
        expect_four_keys(two.at(0).at("error").as_object());
    }
}

TEST(TapFail, HasNothingForRepliesThatAreNoStreams) {
    const TestArena arena;
    for (const char* path : {"/v1/chat/completions", "/v1/responses", "/v1/embeddings"}) {
        for (const char* begun : {"", "{\"id\":"}) {
            Watched watched({path, "application/json", false});
            watched.feed(begun, false);
            EXPECT_EQ(watched.fail(broken(arena)), "");
            EXPECT_LT(watched.fail_status, 0) << path;
        }
    }
}

TEST(TapFail, SaysSoWhenThereIsNoRoom) {
    const TestArena arena;
    const parley_error error = broken(arena);
    for (const ReplyKind& kind : {kChat, kResponses}) {
        const Dialect& dialect = dialect_of(kind.path);
        auto call = sized<parley_call>();
        call.operation = PARLEY_OPERATION_GENERATE;
        const auto peeked = sized<parley_peek>();
        auto head = sized<parley_http_reply_head>();
        head.content_type = str(kind.content_type);
        const parley_tap_open open{sizeof(open), 0, &call, &peeked, &head};
        parley_session* session = nullptr;
        ASSERT_EQ(dialect.table().tap_open(dialect.self, &open, &session, nullptr), PARLEY_OK);
        TestOut out;
        out.left = 10;
        EXPECT_EQ(dialect.table().tap_fail(session, &error, &out.border), -PARLEY_E_BUDGET);
        // No error pointer is needed either.
        auto tap = sized<parley_tap>();
        const std::string garbage = "data: x\n\n";
        EXPECT_EQ(dialect.table().tap_feed(session, sdk::bytes(garbage), 0, &tap, nullptr),
                  -PARLEY_E_UPSTREAM_PROTOCOL);
        dialect.table().tap_close(session);
    }
}

}  // namespace

}  // namespace parley::openai
