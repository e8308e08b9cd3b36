// chat.cpp: the dialect openai-chat: its routes, and when a stream of it is complete.
#include <algorithm>
#include <array>

#include "dialect.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

// Complete with "[DONE]", or with an orderly end after every choice that began has finished.
class ChatTap final : public Tap {
public:
    using Tap::Tap;

private:
    bool on_event(const sdk::SseEvent& event, parley_tap& io) override {
        if (event.data.starts_with("[DONE]")) {
            io.state = PARLEY_TAP_COMPLETE;
            return false;
        }
        const Chunk chunk = read(event.data, io);
        if (chunk.content) io.state = PARLEY_TAP_CONTENT;
        if (chunk.failed || event.name == "error") {
            report(event.data, io);
            return false;
        }
        return usage_added() && chunk.usage && !chunk.choices;
    }

    struct Chunk {
        bool choices = false;
        bool content = false;
        bool usage = false;
        bool failed = false;
    };

    Chunk read(std::string_view data, parley_tap& io) {
        Chunk chunk;
        JsonReader r(data);
        if (r.peek() != '{' || !r.enter_object()) garbage("an event is not a JSON object");
        JsonString key;
        while (r.next_key(key)) {
            if (key.equals("choices") && r.peek() == '[') {
                read_choices(r, chunk);
            } else if (key.equals("usage")) {
                chunk.usage = r.peek() == '{';
                read_usage(r, io.usage);
            } else if (key.equals("error")) {
                chunk.failed = is_error(r.raw()) || chunk.failed;
            } else {
                r.skip();
            }
        }
        if (r.failed() || !r.at_end()) garbage("an event is not JSON");
        return chunk;
    }

    void read_choices(JsonReader& r, Chunk& chunk) {
        r.enter_array();
        while (r.next_item()) {
            chunk.choices = true;
            if (r.peek() == '{')
                read_choice(r, chunk);
            else
                r.skip();
        }
    }

    void read_choice(JsonReader& r, Chunk& chunk) {
        uint64_t index = 0;
        JsonString reason;
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "index")
                r.read_count(index);
            else if (key.raw == "finish_reason" && r.peek() == '"')
                r.read_string(reason);
            else if (key.raw == "delta" && r.peek() == '{')
                read_delta(r, chunk);
            else if (key.raw == "text")
                chunk.content |= is_content(r.raw());
            else
                r.skip();
        }
        // Choices that have no bit of their own share one that never finishes.
        const uint64_t bit = uint64_t{1} << std::min<uint64_t>(index, 63);
        begun_ |= bit;
        if (reason.raw.empty()) return;
        if (index < 63) finished_ |= bit;
        chunk.content = true;
        chunk.failed |= reason.raw.starts_with("error");
    }

    static void read_delta(JsonReader& r, Chunk& chunk) {
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            const bool role = key.raw == "role";
            chunk.content |= is_content(r.raw()) && !role;
        }
    }

    static bool is_content(std::string_view value) {
        return value != "null" && value != "\"\"" && value != "[]" && value != "{}";
    }

    bool complete_at_end() const override { return begun_ != 0 && finished_ == begun_; }

    uint64_t begun_ = 0;
    uint64_t finished_ = 0;
};

constexpr parley_route route(uint32_t number,
                             uint32_t operation,
                             std::string_view method,
                             std::string_view path) {
    return {sizeof(parley_route), operation, number, 0, str(method), str(path)};
}

constexpr RequestKind kChat{
    .default_model = {}, .chat_stream_options = true, .carries_reasoning = true};
constexpr RequestKind kText{.default_model = {}, .chat_stream_options = true};
constexpr RequestKind kPlain{};
constexpr RequestKind kModeration{.default_model = "omni-moderation-latest"};
constexpr RequestKind kImage{.default_model = "gpt-image-1"};

constexpr uint32_t kGenerate = PARLEY_OPERATION_GENERATE;
constexpr uint32_t kRelay = PARLEY_OPERATION_RELAY;

constexpr std::array kRoutes{
    Route{route(0, kGenerate, "POST", "/v1/chat/completions"), kChat, make_chat_tap},
    Route{route(1, kGenerate, "POST", "/v1/completions"), kText, make_chat_tap},
    Route{route(2, PARLEY_OPERATION_EMBED, "POST", "/v1/embeddings"), kPlain, make_event_tap},
    Route{route(3, kRelay, "POST", "/v1/moderations"), kModeration, make_event_tap},
    Route{route(4, kRelay, "POST", "/v1/images/generations"), kImage, make_event_tap},
    Route{route(5, kRelay, "POST", "/v1/images/edits"), kImage, make_event_tap},
    Route{route(6, kRelay, "POST", "/v1/images/variations"), kImage, make_event_tap},
    Route{route(7, kRelay, "POST", "/v1/audio/speech"), kPlain, make_event_tap},
    Route{route(8, kRelay, "POST", "/v1/audio/transcriptions"), kPlain, make_event_tap},
    Route{route(9, kRelay, "POST", "/v1/audio/translations"), kPlain, make_event_tap},
    Route{route(10, PARLEY_OPERATION_MODELS, "GET", "/v1/models"), kPlain, make_event_tap},
    Route{route(11, PARLEY_OPERATION_MODEL, "GET", "/v1/models/{model}"), kPlain, make_event_tap},
};

}  // namespace

Chat::Chat(const parley_host*) : Dialect(kRoutes) {}

std::unique_ptr<Tap> make_chat_tap(const parley_tap_open& open) {
    return std::make_unique<ChatTap>(open);
}

}  // namespace parley::openai
