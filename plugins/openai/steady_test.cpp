// A delta in the middle of a reply takes no memory of its own.
#include <gtest/gtest.h>

#include "codec/events.hpp"
#include "support/allocations.hpp"

namespace parley::codec {

namespace {

using support::allocations;

struct Counted {
    std::size_t events = 0;
    parley_sink border{sizeof(border), 0, this, count, nullptr};

    static parley_status count(const parley_sink* sink, const parley_event*) {
        ++static_cast<Counted*>(sink->ctx)->events;
        return PARLEY_OK;
    }
};

struct Written {
    std::size_t bytes = 0;
    parley_out border{sizeof(border), 0, this, count, count};

    static parley_status count(const parley_out* out, parley_bytes given) {
        static_cast<Written*>(out->ctx)->bytes += given.len;
        return PARLEY_OK;
    }
};

constexpr int kWarm = 50;
constexpr int kDeltas = 1000;

// The allocations of many deltas behind some that fill the buffers.
std::size_t taken_by(auto delta) {
    for (int i = 0; i < kWarm; ++i) delta();
    const std::size_t before = allocations();
    for (int i = 0; i < kDeltas; ++i) delta();
    return allocations() - before;
}

std::size_t decoding(const char* id, std::string_view start, std::string_view delta) {
    const Dialect dialect(id);
    const TestArena arena;
    auto target = sized<parley_target>();
    auto head = sized<parley_http_reply_head>();
    auto open = sized<parley_codec_open>();
    open.flags = PARLEY_CODEC_STREAM;
    open.request = &plain_request();
    open.target = &target;
    open.head = &head;
    open.arena = arena.border();
    parley_session* session = nullptr;
    auto error = sized<parley_error>();
    error.arena = arena.border();
    Counted sink;
    const parley_dialect& table = dialect.table();
    const std::size_t before = allocations();
    EXPECT_EQ(table.decoder_open(dialect.self(), &open, &session, &error), PARLEY_OK);
    EXPECT_GT(allocations(), before) << "what a plugin takes is not seen here";
    const auto feed = [&](std::string_view bytes) {
        // In two pieces: the second finds the first carried over.
        const std::size_t half = bytes.size() / 2;
        table.decode(session, sdk::bytes(bytes.substr(0, half)), 0, &sink.border, &error);
        table.decode(session, sdk::bytes(bytes.substr(half)), 0, &sink.border, &error);
    };
    feed(start);
    const std::size_t taken = taken_by([&] { feed(delta); });
    EXPECT_GE(sink.events, std::size_t{kDeltas});
    table.decoder_close(session);
    return taken;
}

std::size_t encoding(const char* id, uint16_t type, const Events& head) {
    const Dialect dialect(id);
    const TestArena arena;
    auto open = sized<parley_codec_open>();
    open.flags = PARLEY_CODEC_STREAM;
    open.request = &plain_request();
    open.arena = arena.border();
    parley_session* session = nullptr;
    auto error = sized<parley_error>();
    error.arena = arena.border();
    Written out;
    const parley_dialect& table = dialect.table();
    EXPECT_EQ(table.encoder_open(dialect.self(), &open, &session, &error), PARLEY_OK);
    for (const Event& e : head) {
        const parley_event event = e.border();
        table.encode(session, &event, &out.border, &error);
    }
    parley_event delta = sdk::make_event(type);
    delta.kind = head.back().raw.kind;
    delta.text = str("some \"more\" text");
    const std::size_t taken = taken_by([&] { table.encode(session, &delta, &out.border, &error); });
    EXPECT_GE(out.bytes, std::size_t{kDeltas} * 50);
    table.encoder_close(session);
    return taken;
}

TEST(OpenaiSteady, DeltasAreReadWithoutMemory) {
    EXPECT_EQ(decoding("openai-chat",
                       "data: {\"id\":\"a-rather-long-id-of-a-reply\",\"choices\":[{\"index\":0,"
                       "\"delta\":{\"content\":\"Hi\"}}]}\n\n",
                       "data: {\"id\":\"a-rather-long-id-of-a-reply\",\"choices\":[{\"index\":0,"
                       "\"delta\":{\"content\":\"more \\\"text\\\" than fits in place\"}}]}\n\n"),
              0u);
    EXPECT_EQ(
        decoding("openai-responses",
                 "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n",
                 "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,"
                 "\"content_index\":0,\"delta\":\"more \\\"text\\\" than fits in place\"}\n\n"),
        0u);
}

TEST(OpenaiSteady, DeltasAreWrittenWithoutMemory) {
    Script text;
    text.start().open(PARLEY_PART_TEXT);
    Script call;
    call.start().call("1", "f").args("{");
    EXPECT_EQ(encoding("openai-chat", PARLEY_EVENT_TEXT_DELTA, text), 0u);
    EXPECT_EQ(encoding("openai-chat", PARLEY_EVENT_TOOL_ARGS_DELTA, call), 0u);
    // The texts are kept for the events that end them: a growing buffer, not one for each.
    EXPECT_LE(encoding("openai-responses", PARLEY_EVENT_TEXT_DELTA, text), 12u);
    EXPECT_LE(encoding("openai-responses", PARLEY_EVENT_TOOL_ARGS_DELTA, call), 12u);
}

}  // namespace

}  // namespace parley::codec
