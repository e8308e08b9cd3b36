// text_stream_out.cpp: events become the reply to a legacy completion: text, and nothing else.
#include "errors.hpp"
#include "parley/sdk/event_error.hpp"
#include "parley/sdk/logprobs.hpp"
#include "parley/sdk/usage.hpp"
#include "reply_out.hpp"
#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;
using sdk::view;

namespace {

std::string_view reason_of(uint32_t finish) {
    switch (finish) {
        case PARLEY_FINISH_LENGTH:
        case PARLEY_FINISH_CONTEXT_LENGTH:
            return "length";
        case PARLEY_FINISH_CONTENT_FILTER:
        case PARLEY_FINISH_REFUSAL:
            return "content_filter";
        default:
            return "stop";
    }
}

// {"tokens":[…],"token_logprobs":[…],"top_logprobs":[…],"text_offset":[…]}
class TextLogprobs {
public:
    void add(std::string_view extra) {
        sdk::each_logprob(extra, [&](std::string_view token) { one(token); });
    }

    // Null when there were none; what has been written is forgotten, but for where the text stands.
    void write(JsonWriter& w) {
        if (tokens_.empty()) {
            w.null();
            return;
        }
        const auto list = [&](std::string_view name, std::string& items) {
            w.key(name).raw('[' + items + ']');
            items.clear();
        };
        w.begin_object();
        list("tokens", tokens_);
        list("token_logprobs", probabilities_);
        list("top_logprobs", tops_);
        list("text_offset", offsets_);
        w.end_object();
    }

private:
    static void append(std::string& items, std::string_view json) {
        if (!items.empty()) items += ',';
        append_json(items, json);
    }

    void one(std::string_view json) {
        std::string token = "\"\"";
        std::string probability = "null";
        std::string top;
        JsonReader r(json);
        JsonString key;
        if (r.peek() != '{' || !r.enter_object()) return;
        while (r.next_key(key)) {
            const std::string_view value = r.raw();
            if (key.raw == "token") token = value;
            if (key.raw == "logprob") probability = value;
            if (key.raw == "top_logprobs") top = by_token(value);
        }
        append(tokens_, token);
        append(probabilities_, probability);
        append(tops_, top.empty() ? "null" : top);
        append(offsets_, std::to_string(offset_));
        JsonString text;
        if (JsonReader(token).read_string(text)) offset_ += code_points(text.text());
    }

    // [{"token","logprob"}] -> {"token":logprob}
    static std::string by_token(std::string_view list) {
        std::string out = "{";
        JsonReader r(list);
        if (r.peek() != '[' || !r.enter_array()) return {};
        while (r.next_item()) {
            std::string_view token;
            std::string_view probability;
            JsonString key;
            if (r.peek() != '{' || !r.enter_object()) {
                r.skip();
                continue;
            }
            while (r.next_key(key)) {
                const std::string_view value = r.raw();
                if (key.raw == "token") token = value;
                if (key.raw == "logprob") probability = value;
            }
            if (token.empty() || probability.empty()) continue;
            if (out.size() > 1) out += ',';
            ((out += token) += ':') += probability;
        }
        return out.size() == 1 ? std::string() : out + '}';
    }

    std::string tokens_;
    std::string probabilities_;
    std::string tops_;
    std::string offsets_;
    uint64_t offset_ = 0;  // in the whole text, in code points
};

class TextReply final : public Encoder {
public:
    explicit TextReply(const parley_codec_open& open)
        : request_(*open.request),
          model_(view(open.model)),
          streams_((open.flags & PARLEY_CODEC_STREAM) != 0),
          shows_usage_((open.request->flags & PARLEY_REQUEST_STREAM_USAGE) != 0) {}

    void encode(const parley_event& e, sdk::Out& out) override {
        text_.clear();
        switch (e.type) {
            case PARLEY_EVENT_RESPONSE_STARTED:
                start(e);
                break;
            case PARLEY_EVENT_TEXT_DELTA:
                if (e.extra.len != 0) logprobs_.add(view(e.extra));
                said(view(e.text));
                break;
            case PARLEY_EVENT_USAGE:
                sdk::merge_usage(usage_, sdk::usage_of(e));
                break;
            case PARLEY_EVENT_FINISH:
                finish(e);
                break;
            case PARLEY_EVENT_ERROR:
                if (streams_) {
                    text_ = "data: {\"error\":" + error_object(sdk::EventError(e).error) + "}\n\n";
                }
                break;
            case PARLEY_EVENT_PING:
                if (streams_) text_ = ": keep-alive\n\n";
                break;
            default:
                break;
        }
        if (!text_.empty()) out.write(text_);
    }

    bool shows(const parley_event& part) const override {
        return part.kind == PARLEY_PART_TEXT || part.kind == PARLEY_PART_REFUSAL;
    }

private:
    void start(const parley_event& e) {
        JsonWriter w(head_);
        w.begin_object().key("id").string(reply_id("cmpl-", view(e.text), request_));
        w.key("object").string("text_completion");
        w.key("created").number(static_cast<int64_t>(e.a)).key("model").string(model_);
        w.key("choices");
    }

    void said(std::string_view text) {
        if (!streams_) {
            whole_ += text;
            return;
        }
        text_ += "data: ";
        text_ += head_;
        write_choice(text, {});
        text_ += shows_usage_ ? ",\"usage\":null}\n\n" : "}\n\n";
    }

    void write_choice(std::string_view text, std::string_view reason) {
        JsonWriter w(text_);
        w.begin_array().begin_object().key("text").string(text).key("index").number(0);
        w.key("logprobs");
        logprobs_.write(w);
        w.key("finish_reason");
        reason.empty() ? w.null() : w.string(reason);
        w.end_object().end_array();
    }

    void finish(const parley_event& e) {
        if (streams_) text_ += "data: ";
        text_ += head_;
        write_choice(whole_, reason_of(e.kind));
        if (!streams_) {
            write_usage();
            text_ += '}';
            return;
        }
        text_ += shows_usage_ ? ",\"usage\":null}\n\n" : "}\n\n";
        if (shows_usage_) {
            ((text_ += "data: ") += head_) += "[]";
            write_usage();
            text_ += "}\n\n";
        }
        text_ += "data: [DONE]\n\n";
    }

    void write_usage() {
        text_ += ",\"usage\":";
        JsonWriter w(text_);
        write_chat_usage(w, usage_);
    }

    const parley_request& request_;
    std::string_view model_;
    bool streams_;
    bool shows_usage_;
    std::string head_;   // of the reply, or of each chunk, up to the value of "choices"
    std::string text_;   // what this event becomes
    std::string whole_;  // the text of a reply that is not a stream
    TextLogprobs logprobs_;
    sdk::Usage usage_;
};

}  // namespace

std::unique_ptr<Encoder> make_text_encoder(const parley_codec_open& open) {
    return std::make_unique<TextReply>(open);
}

}  // namespace parley::openai
