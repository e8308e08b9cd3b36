// count.cpp: {"object":"response.input_tokens","input_tokens":…}, read and written.
#include "count.hpp"

#include "reply_in.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

class CountDecoder final : public Decoder {
public:
    explicit CountDecoder(const parley_codec_open& open)
        : Decoder(open, sdk::Emitter::Ends::marked, kChatStopsMax) {}

private:
    void on_event(const sdk::SseEvent&) override { garbage("a count does not come as a stream"); }

    void on_body(std::string_view json) override {
        constexpr uint64_t kNone = ~uint64_t{0};
        uint64_t tokens = kNone;
        JsonReader r(json);
        JsonString key;
        if (r.peek() == '{') r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "input_tokens") {
                r.read_count(tokens);
            } else {
                r.skip();
            }
        }
        if (r.failed() || !r.at_end()) {
            garbage("the reply is not a JSON object");
            return;
        }
        if (tokens == kNone) {
            report(json);
            return;
        }
        sdk::Usage usage;
        usage.known = PARLEY_USAGE_INPUT;
        usage.input_total = tokens;
        emit_.start({});
        emit_.usage(usage);
        emit_.finish({});
    }
};

}  // namespace

void write_count(uint64_t input_tokens, parley_http_reply& reply, sdk::Out& out) {
    reply.status = 200;
    reply.content_type = sdk::str("application/json");
    out.write("{\"object\":\"response.input_tokens\",\"input_tokens\":" +
              std::to_string(input_tokens) + "}");
}

std::unique_ptr<Decoder> make_count_decoder(const parley_codec_open& open) {
    return std::make_unique<CountDecoder>(open);
}

}  // namespace parley::openai
