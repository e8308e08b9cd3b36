#include "decoder.hpp"

#include <bit>
#include <charconv>

#include "assist.hpp"
#include "base64.hpp"
#include "errors.hpp"
#include "reply.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

// Seconds since 1970 of "2026-04-02T17:03:50.399550Z"; 0 for anything else.
uint64_t seconds_of(std::string_view time) {
    const auto number = [&](std::size_t at, std::size_t size) {
        int64_t value = -1;
        if (time.size() < at + size) return value;
        std::from_chars(time.data() + at, time.data() + at + size, value);
        return value;
    };
    const bool sound = time.size() >= 20 && time[4] == '-' && time[10] == 'T' && time.back() == 'Z';
    const int64_t month = number(5, 2);
    if (!sound || month < 1 || month > 12) return 0;
    // Years that begin in March have their leap day at the end.
    const int64_t year = number(0, 4) - (month <= 2 ? 1 : 0);
    const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + number(8, 2);
    const int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719469;
    const int64_t seconds =
        days * 86400 + number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
    return seconds < 0 ? 0 : static_cast<uint64_t>(seconds);
}

// The answer to countTokens.
class CountDecoder final : public Decoder {
    void on_chunk(const Chunk& chunk) override {
        if (chunk.total_tokens.empty()) return;
        start(chunk);
        sdk::Usage usage;
        usage.known = PARLEY_USAGE_INPUT;
        JsonReader(chunk.total_tokens).read_count(usage.input_total);
        emitter_.usage(usage);
    }

    bool on_end() override {
        emitter_.finish({});
        return emitter_.ended();
    }
};

// The answers to embedContent and batchEmbedContents.
class EmbedDecoder final : public Decoder {
    void on_chunk(const Chunk& chunk) override {
        if (!chunk.predictions.empty()) {
            start(chunk);
            predictions(chunk.predictions);
        }
        if (chunk.embeddings.empty()) return;
        start(chunk);
        emitter_.usage(usage_.usage());
        JsonReader r(chunk.embeddings);
        each_element(r, [&](JsonReader& one) {
            each_member(one, [&](const JsonString& key, JsonReader& value) {
                if (key.raw == "values" && value.peek() == '[') {
                    vector(value);
                } else {
                    value.skip();
                }
            });
        });
    }

    // [{"embeddings":{"values":[…],"statistics":{"token_count":4}}}]
    void predictions(std::string_view json) {
        sdk::Usage usage;
        JsonReader r(json);
        each_element(r, [&](JsonReader& one) {
            each_member(one, [&](const JsonString& key, JsonReader& value) {
                if (key.raw == "embeddings") {
                    prediction(value, usage);
                } else {
                    value.skip();
                }
            });
        });
        emitter_.usage(usage);
    }

    void prediction(JsonReader& r, sdk::Usage& usage) {
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "values" && value.peek() == '[') {
                vector(value);
            } else if (key.raw == "statistics") {
                each_member(value, [&](const JsonString& name, JsonReader& number) {
                    const std::string text(number.raw());
                    uint64_t tokens = 0;
                    if (is(name, "tokenCount")) {
                        // Vertex AI counts in numbers with a point.
                        std::from_chars(text.data(), text.data() + text.size(), tokens);
                        usage.known |= PARLEY_USAGE_INPUT;
                        usage.input_total += tokens;
                    }
                });
            } else {
                value.skip();
            }
        });
    }

    void vector(JsonReader& r) {
        std::string bytes;
        each_element(r, [&](JsonReader& one) {
            const std::string_view number = one.raw();
            double value = 0;
            std::from_chars(number.data(), number.data() + number.size(), value);
            const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
            for (int shift = 0; shift < 32; shift += 8) {
                bytes += static_cast<char>(bits >> shift & 0xff);
            }
        });
        std::string text;
        append_base64(bytes, text);
        emitter_.media(next_, PARLEY_PART_EMBEDDING, {});
        emitter_.media_delta(next_, {}, text);
        emitter_.end(next_++);
    }

    bool on_end() override {
        if (next_ == 0) return false;
        emitter_.finish({});
        return emitter_.ended();
    }

    uint64_t next_ = 0;
};

}  // namespace

void Decoder::decode(std::string_view bytes, bool eof, const parley_sink& sink) {
    emitter_.bind(&sink);
    std::string_view all = bytes;
    if (!held_.empty()) all = held_.append(bytes);
    std::size_t at = 0;
    ChunkSplitter::Piece piece;
    while (at < all.size() && !emitter_.ended()) {
        const std::size_t size = splitter_.next(all.substr(at), eof, piece);
        if (size == 0) break;
        if (piece.has_json) read_chunk(piece.json);
        at += size;
    }
    const std::size_t left = all.size() - at;
    if (left > kHeldBytesMax) garbage("an event is longer than 64 MiB");
    if (emitter_.ended()) {
        held_.clear();
        return;
    }
    if (held_.empty()) {
        held_ = all.substr(at);
    } else {
        held_.erase(0, at);
    }
    if (!eof) return;
    const bool in_order = left == 0 && !splitter_.in_array();
    if (!in_order || !on_end()) garbage("the reply ended before it was complete");
}

void Decoder::read_chunk(std::string_view wire) {
    const std::string_view json = unwrapped(wire);
    Chunk chunk;
    JsonReader r(json);
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "candidates")) {
            chunk.candidates = value.raw();
        } else if (is(key, "usageMetadata")) {
            chunk.usage = value.raw();
        } else if (is(key, "promptFeedback")) {
            chunk.feedback = value.raw();
        } else if (is(key, "modelVersion")) {
            chunk.model = read_word(value);
        } else if (is(key, "responseId")) {
            chunk.id = read_word(value);
        } else if (is(key, "createTime")) {
            chunk.created = read_word(value);
        } else if (is(key, "totalTokens")) {
            chunk.total_tokens = value.raw();
        } else if (key.raw == "embedding" || key.raw == "embeddings") {
            chunk.embeddings = value.raw();
        } else if (key.raw == "predictions") {
            chunk.predictions = value.raw();
        } else if (key.raw == "error") {
            if (value.peek() != 'n') chunk.error = json;
            value.skip();
        } else {
            value.skip();
        }
    });
    if (r.failed() || !r.at_end()) {
        garbage("an event is not JSON");
        return;
    }
    if (!chunk.error.empty()) {
        const Told told = read_told(chunk.error);
        parley_error error{};
        error.struct_size = sizeof(error);
        fill_error(told, error);
        emitter_.fail(error);
        return;
    }
    JsonReader counters(chunk.usage);
    if (!chunk.usage.empty()) usage_.read(counters);
    on_chunk(chunk);
}

void Decoder::start(const Chunk& chunk) {
    if (emitter_.started()) return;
    reply_id_ = chunk.id.text();
    const std::string model = chunk.model.text();
    emitter_.start({reply_id_, model, seconds_of(chunk.created.raw)});
}

void Decoder::garbage(std::string_view what) {
    emitter_.fail(PARLEY_E_UPSTREAM_PROTOCOL, "upstream: " + std::string(what));
}

Decoder* make_decoder(const parley_codec_open& open) {
    switch (open.request->operation) {
        case PARLEY_OPERATION_COUNT_TOKENS:
            return new CountDecoder;
        case PARLEY_OPERATION_EMBED:
            return new EmbedDecoder;
        default:
            return new ReplyDecoder(open);
    }
}

}  // namespace parley::gemini
