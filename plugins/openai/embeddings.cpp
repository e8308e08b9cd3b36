// Vectors travel as little-endian binary32 in base64, which is also what most SDKs ask for.
#include "embeddings.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <vector>

#include "parley/sdk/draft.hpp"
#include "parley/sdk/fold.hpp"
#include "reply_in.hpp"
#include "reply_out.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(std::string& out, std::string_view bytes) {
    const auto byte = [&](std::size_t i) {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
    };
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const unsigned bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        out += kDigits[bits >> 18];
        out += kDigits[bits >> 12 & 63];
        out += i + 1 < bytes.size() ? kDigits[bits >> 6 & 63] : '=';
        out += i + 2 < bytes.size() ? kDigits[bits & 63] : '=';
    }
}

// Stops at what is no digit, so each piece of base64 may have its own padding.
std::string from_base64(std::string_view text) {
    std::string out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::size_t digit = kDigits.find(c);
        if (digit == kDigits.npos) {
            bits = count = 0;
            continue;
        }
        bits = bits << 6 | static_cast<unsigned>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

void append_number(std::string& bytes, float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes += static_cast<char>(bits >> shift & 0xff);
    }
}

// [0.1,-2e-3,…]
void write_floats(JsonWriter& w, std::string_view bytes) {
    w.begin_array();
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        uint32_t bits = 0;
        for (std::size_t k = 4; k-- != 0;) {
            bits = bits << 8 | static_cast<unsigned char>(bytes[i + k]);
        }
        std::array<char, 32> text{};
        const auto value = std::bit_cast<float>(bits);
        const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
        const std::string_view number(text.data(), static_cast<std::size_t>(end - text.data()));
        const bool finite = number.find_first_of("in") == number.npos;
        w.raw(finite ? number : "0");
    }
    w.end_array();
}

[[noreturn]] void invalid(const char* what, const char* param, const char* code) {
    throw Failure(PARLEY_E_INVALID_ARGUMENT, what, param, code);
}

void read_inputs(JsonReader& r, sdk::Arena& arena, std::vector<parley_str>& inputs) {
    if (r.peek() == '"') {
        inputs.push_back(sdk::read_text(arena, r));
        return;
    }
    if (r.peek() != '[')
        invalid("input: a text or a list of texts expected", "input", "invalid_type");
    r.enter_array();
    while (r.next_item()) {
        if (r.peek() == '"') {
            inputs.push_back(sdk::read_text(arena, r));
            continue;
        }
        throw Failure(PARLEY_E_UNSUPPORTED,
                      "input: token ids mean nothing to another provider",
                      "input",
                      "unsupported_value");
    }
}

class EmbeddingsDecoder final : public Decoder {
public:
    explicit EmbeddingsDecoder(const parley_codec_open& open)
        : Decoder(open, sdk::Emitter::Ends::marked, kChatStopsMax) {}

private:
    void on_event(const sdk::SseEvent&) override { garbage("vectors do not come as a stream"); }

    void on_body(std::string_view json) override {
        JsonReader r(json);
        JsonString key;
        JsonString model;
        std::string_view data;
        std::string_view error;
        sdk::Usage usage;
        if (r.peek() == '{') r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "data") {
                data = r.raw();
            } else if (key.raw == "error") {
                error = r.raw();
            } else if (key.raw == "usage") {
                read_usage(r, usage);
            } else if (key.raw == "model" && r.peek() == '"') {
                r.read_string(model);
            } else {
                r.skip();
            }
        }
        if (r.failed() || !r.at_end()) {
            garbage("the reply is not a JSON object");
        } else if (says_error(error) || !data.starts_with('[')) {
            report(json);
        } else {
            emit_.start({{}, model.text()});
            say_vectors(data);
            emit_.usage(usage);
            emit_.finish({});
        }
    }

    // One part for each input, in their order.
    void say_vectors(std::string_view data) {
        std::vector<std::string> vectors;
        JsonReader r(data);
        r.enter_array();
        for (uint64_t place = 0; r.next_item(); ++place) {
            uint64_t index = place;
            std::string vector;
            JsonString key;
            if (r.peek() != '{' || !r.enter_object()) continue;
            while (r.next_key(key)) {
                if (key.raw == "index") {
                    r.read_count(index);
                } else if (key.raw == "embedding") {
                    vector = read_vector(r);
                } else {
                    r.skip();
                }
            }
            if (index > place + data.size()) continue;
            if (vectors.size() <= index) vectors.resize(index + 1);
            vectors[index] = std::move(vector);
        }
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            emit_.media(i, PARLEY_PART_EMBEDDING, {});
            emit_.media_delta(i, {}, vectors[i]);
            emit_.end(i);
        }
    }

    // Numbers, or base64 already.
    static std::string read_vector(JsonReader& r) {
        JsonString text;
        if (r.peek() == '"') return r.read_string(text) ? text.text() : std::string();
        std::string bytes;
        if (r.peek() != '[') {
            r.skip();
            return bytes;
        }
        r.enter_array();
        while (r.next_item()) {
            const std::string_view number = r.raw();
            float value = 0;
            std::from_chars(number.data(), number.data() + number.size(), value);
            append_number(bytes, value);
        }
        std::string base64;
        append_base64(base64, bytes);
        return base64;
    }
};

class EmbeddingsEncoder final : public Encoder {
public:
    explicit EmbeddingsEncoder(const parley_codec_open& open)
        : model_(view(open.model)),
          as_base64_(open.request->embed != nullptr &&
                     open.request->embed->encoding == PARLEY_EMBED_BASE64) {}

    bool shows(const parley_event&) const override { return true; }

    void encode(const parley_event& e, sdk::Out& out) override {
        if (e.type == PARLEY_EVENT_ERROR || !fold_.add(e)) return;
        const sdk::FoldedReply& reply = fold_.reply();
        std::string json;
        JsonWriter w(json);
        w.begin_object().key("object").string("list").key("data").begin_array();
        int64_t index = 0;
        for (const auto& part : reply.parts) {
            if (part.kind != PARLEY_PART_EMBEDDING) continue;
            w.begin_object().key("object").string("embedding").key("index").number(index++);
            w.key("embedding");
            if (as_base64_) {
                w.string(part.text);
            } else {
                write_floats(w, from_base64(part.text));
            }
            w.end_object();
        }
        const auto tokens = static_cast<int64_t>(reply.usage.input_total);
        w.end_array().key("model").string(model_).key("usage").begin_object();
        w.key("prompt_tokens").number(tokens).key("total_tokens").number(tokens);
        w.end_object().end_object();
        out.write(json);
    }

private:
    std::string_view model_;
    bool as_base64_;
    sdk::Fold fold_;
};

}  // namespace

const parley_request* read_embeddings_request(const parley_call& call, sdk::Arena& arena) {
    sdk::RequestDraft draft(arena, "openai-chat", call);
    auto& embed = sdk::make<parley_embed>(arena);
    draft.request.embed = &embed;
    std::vector<parley_str> inputs;
    JsonReader r(view(call.http->body));
    JsonString key;
    if (r.peek() == '{') r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "model") {
            draft.request.model = sdk::read_text(arena, r);
        } else if (key.raw == "input") {
            read_inputs(r, arena, inputs);
        } else if (key.raw == "dimensions") {
            embed.dimensions = sdk::read_number(r);
        } else if (key.raw == "encoding_format") {
            const bool base64 = view(sdk::read_text(arena, r)) == "base64";
            embed.encoding = base64 ? PARLEY_EMBED_BASE64 : PARLEY_EMBED_FLOAT;
        } else {
            r.skip();
        }
    }
    if (r.failed() || !r.at_end()) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT,
                      "body: malformed JSON at byte " + std::to_string(r.at()));
    }
    if (inputs.empty()) invalid("input: nothing to embed", "input", "missing_required_parameter");
    embed.inputs = sdk::keep(arena, inputs);
    embed.input_count = inputs.size();
    return draft.finish();
}

void write_embeddings_request(const parley_request& request,
                              const parley_target& target,
                              parley_encoded_request& head,
                              sdk::Out& out) {
    const parley_embed& embed = *request.embed;
    std::string json;
    JsonWriter w(json);
    w.begin_object().key("model").string(view(target.model)).key("input").begin_array();
    for (uint64_t i = 0; i < embed.input_count; ++i) w.string(view(embed.inputs[i]));
    w.end_array();
    if (embed.dimensions.text.len != 0) w.key("dimensions").raw(view(embed.dimensions.text));
    // All compatible places know numbers; not all know base64.
    w.key("encoding_format").string("float").end_object();
    head.path = str("/v1/embeddings");
    head.content_type = str("application/json");
    out.write(json);
}

std::unique_ptr<Decoder> make_embeddings_decoder(const parley_codec_open& open) {
    return std::make_unique<EmbeddingsDecoder>(open);
}

std::unique_ptr<Encoder> make_embeddings_encoder(const parley_codec_open& open) {
    return std::make_unique<EmbeddingsEncoder>(open);
}

}  // namespace parley::openai
