// chat_stream_out.cpp: events become a chat reply, as a stream of chunks or as one completion.
#include <algorithm>

#include "details.hpp"
#include "errors.hpp"
#include "parley/sdk/event_error.hpp"
#include "parley/sdk/fold.hpp"
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

std::string_view reason_of(uint32_t finish, bool refused) {
    switch (finish) {
        case PARLEY_FINISH_TOOL_CALLS:
            return "tool_calls";
        case PARLEY_FINISH_LENGTH:
        case PARLEY_FINISH_CONTEXT_LENGTH:
            return "length";
        case PARLEY_FINISH_CONTENT_FILTER:
            return "content_filter";
        case PARLEY_FINISH_REFUSAL:
            return refused ? "stop" : "content_filter";
        default:
            return "stop";
    }
}

void write_start_extra(JsonWriter& w, std::string_view extra) {
    JsonReader r(extra);
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "service_tier") w.key("service_tier").raw(value);
        if (key.raw == "fingerprint") w.key("system_fingerprint").raw(value);
    }
}

// Everything of a call but its closing brace.
void begin_call(JsonWriter& w, std::string_view id, std::string_view name, bool custom) {
    const std::string_view kind = custom ? "custom" : "function";
    w.key("id").string(wire_call_id(id)).key("type").string(kind);
    w.key(kind).begin_object().key("name").string(name);
    w.key(custom ? "input" : "arguments");
}

// A signature that upstreams want back with the call, in the member that one vendor defined.
void write_signature(JsonWriter& w, std::string_view signature) {
    w.key("extra_content").begin_object().key("google").begin_object();
    w.key("thought_signature").string(signature).end_object().end_object();
}

// A picture, in the member that several places have for those that a model made.
void write_image(JsonWriter& w, std::string_view mime, std::string_view base64) {
    w.begin_object().key("type").string("image_url").key("image_url").begin_object();
    w.key("url").string("data:" + std::string(mime) + ";base64," + std::string(base64));
    w.end_object().end_object();
}

// The annotations tell what a search found; there is no word for the search.
bool has_word(const parley_event& part) {
    switch (part.kind) {
        case PARLEY_PART_TEXT:
        case PARLEY_PART_REFUSAL:
        case PARLEY_PART_REASONING:
        case PARLEY_PART_TOOL_CALL:
        case PARLEY_PART_IMAGE:
            return true;
        default:
            return false;
    }
}

class ChatStream final : public Encoder {
public:
    explicit ChatStream(const parley_codec_open& open)
        : request_(*open.request),
          model_(view(open.model)),
          shows_usage_((open.request->flags & PARLEY_REQUEST_STREAM_USAGE) != 0) {
        constexpr std::size_t kUsualEventBytes = 512;
        text_.reserve(kUsualEventBytes);
    }

    void encode(const parley_event& e, sdk::Out& out) override {
        text_.clear();
        if (call_waits_ && e.type != PARLEY_EVENT_PING) begin_waiting_call(e);
        write(e);
        if (!text_.empty()) out.write(text_);
    }

    bool shows(const parley_event& part) const override { return has_word(part); }

private:
    void write(const parley_event& e) {
        switch (e.type) {
            case PARLEY_EVENT_RESPONSE_STARTED:
                start(e);
                break;
            case PARLEY_EVENT_PART_STARTED:
                start_part(e);
                break;
            case PARLEY_EVENT_TEXT_DELTA:
                points_ += code_points(view(e.text));
                delta(e.kind == PARLEY_PART_REFUSAL ? "refusal" : "content", e);
                break;
            case PARLEY_EVENT_REASONING_DELTA:
                reasoning(e);
                break;
            case PARLEY_EVENT_SEAL:
                if (view(e.name) == kDetailsFamily) details(e);
                break;
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
                if (e.text.len != 0) arguments(view(e.text));
                break;
            case PARLEY_EVENT_MEDIA_DELTA:
                if (e.kind == PARLEY_PART_IMAGE) image_ += view(e.text);
                break;
            case PARLEY_EVENT_CITATION:
                if (e.text.len != 0) annotation(e);
                break;
            case PARLEY_EVENT_PART_ENDED:
                end_part(e);
                break;
            case PARLEY_EVENT_USAGE:
                sdk::merge_usage(usage_, sdk::usage_of(e));
                break;
            case PARLEY_EVENT_FINISH:
                finish(e);
                break;
            case PARLEY_EVENT_ERROR:
                text_ += "data: {\"error\":" + error_object(sdk::EventError(e).error) + "}\n\n";
                break;
            case PARLEY_EVENT_PING:
                text_ += ": keep-alive\n\n";
                break;
            default:
                break;
        }
    }

    // What all chunks have in common stands ready.
    void start(const parley_event& e) {
        JsonWriter w(before_);
        before_ = "data: ";
        w.begin_object().key("id").string(reply_id("chatcmpl-", view(e.text), request_));
        w.key("object").string("chat.completion.chunk");
        w.key("created").number(static_cast<int64_t>(e.a)).key("model").string(model_);
        write_start_extra(w, view(e.extra));
        w.key("choices");
        begin() += "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}";
        end();
    }

    // Up to the delta, and behind it.
    std::string& begin() {
        text_ += before_;
        return text_ += "[{\"index\":0,\"delta\":";
    }

    void end(std::string_view logprobs = "null") {
        text_ += ",\"logprobs\":";
        append_json(text_, logprobs);
        text_ += ",\"finish_reason\":null}]";
        close();
    }

    void close() { text_ += shows_usage_ ? ",\"usage\":null}\n\n" : "}\n\n"; }

    void delta(std::string_view member, const parley_event& e) {
        ((begin() += "{\"") += member) += "\":";
        sdk::json_quote(view(e.text), text_);
        text_ += '}';
        const std::string_view logprobs = extra_member(e, "logprobs");
        if (e.kind == PARLEY_PART_REFUSAL && !logprobs.empty()) {
            std::string json;
            JsonWriter w(json);
            write_tokens(w.begin_object().key("content").null().key("refusal"), view(e.extra));
            w.end_object();
            return end(json);
        }
        end(logprobs.empty() ? "null" : logprobs);
    }

    static void write_tokens(JsonWriter& w, std::string_view extra) {
        w.begin_array();
        sdk::each_logprob(extra, [&](std::string_view token) { w.raw(token); });
        w.end_array();
    }

    void reasoning(const parley_event& e) {
        const bool next_section = e.a != section_;
        section_ = e.a;
        begin() += "{\"reasoning_content\":";
        const std::size_t quote = text_.size();
        sdk::json_quote(view(e.text), text_);
        if (next_section) text_.insert(quote + 1, "\\n\\n");
        text_ += '}';
        end();
    }

    void details(const parley_event& e) {
        begin() += "{\"reasoning_details\":";
        append_json(text_, view(e.text));
        text_ += '}';
        end();
    }

    void start_part(const parley_event& e) {
        section_ = 0;
        part_points_ = points_;
        if (e.kind == PARLEY_PART_REFUSAL) refused_ = true;
        if (e.kind == PARLEY_PART_IMAGE) mime_ = view(e.name);
        if (e.kind != PARLEY_PART_TOOL_CALL) return;
        custom_ = e.a == PARLEY_TOOL_CALL_CUSTOM;
        has_arguments_ = false;
        call_waits_ = true;
        call_ = "{\"index\":" + std::to_string(calls_);
        std::string members;
        JsonWriter w(members);
        begin_call(w, view(e.text), view(e.name), custom_);
        w.string("").end_object();
        (call_ += ',') += members;
    }

    // A seal belongs into the chunk that begins the call.
    void begin_waiting_call(const parley_event& e) {
        call_waits_ = false;
        (begin() += "{\"tool_calls\":[") += call_;
        if (e.type == PARLEY_EVENT_SEAL && view(e.name) == "parley") {
            text_ += ',';
            JsonWriter w(text_);
            write_signature(w, view(e.text));
        }
        text_ += "}]}";
        end();
    }

    void arguments(std::string_view fragment) {
        has_arguments_ = true;
        begin() += "{\"tool_calls\":[{\"index\":";
        text_ += std::to_string(calls_);
        text_ += custom_ ? ",\"custom\":{\"input\":" : ",\"function\":{\"arguments\":";
        sdk::json_quote(fragment, text_);
        text_ += "}}]}";
        end();
    }

    // Indices count in the whole of the reply's text.
    void annotation(const parley_event& e) {
        const bool told = (e.flags & PARLEY_EVENT_SPAN_CODEPOINTS) != 0;
        const Citation c{view(e.text),
                         view(e.name),
                         part_points_ + (told ? e.a : 0),
                         told ? part_points_ + e.b : points_};
        begin() += "{\"annotations\":[";
        JsonWriter w(text_);
        write_citation(w, c, true);
        text_ += "]}";
        end();
    }

    void end_part(const parley_event& e) {
        if (e.kind == PARLEY_PART_IMAGE) image();
        if (e.kind != PARLEY_PART_TOOL_CALL) return;
        const bool complete = (e.flags & PARLEY_EVENT_COMPLETE) != 0;
        if (complete && !has_arguments_ && !custom_) arguments("{}");
        ++calls_;
    }

    void image() {
        begin() += "{\"images\":[";
        JsonWriter w(text_);
        write_image(w, mime_, image_);
        text_ += "]}";
        end();
        image_.clear();
    }

    void finish(const parley_event& e) {
        ((begin() += "{},\"logprobs\":null,\"finish_reason\":\"") += reason_of(e.kind, refused_)) +=
            "\"}]";
        close();
        if (shows_usage_) {
            (text_ += before_) += "[],\"usage\":";
            JsonWriter w(text_);
            write_chat_usage(w, usage_);
            text_ += "}\n\n";
        }
        text_ += "data: [DONE]\n\n";
    }

    const parley_request& request_;
    std::string_view model_;
    bool shows_usage_;
    std::string before_;  // a chunk up to the value of "choices"
    std::string text_;    // what this event becomes
    std::string call_;    // the first chunk of a call that waits for its seal
    std::string mime_;    // of the open picture
    std::string image_;   // its base64, as far as it has come
    bool call_waits_ = false;
    bool custom_ = false;
    bool has_arguments_ = false;
    bool refused_ = false;
    std::size_t calls_ = 0;  // that have ended
    uint64_t section_ = 0;
    uint64_t points_ = 0;       // of all text
    uint64_t part_points_ = 0;  // before the open part
    sdk::Usage usage_;
};

class ChatBody final : public Encoder {
public:
    explicit ChatBody(const parley_codec_open& open)
        : request_(*open.request), model_(view(open.model)) {}

    void encode(const parley_event& e, sdk::Out& out) override {
        if (e.type == PARLEY_EVENT_ERROR || !fold_.add(e)) return;
        const sdk::FoldedReply& reply = fold_.reply();
        std::string json;
        JsonWriter w(json);
        w.begin_object().key("id").string(reply_id("chatcmpl-", reply.id, request_));
        w.key("object").string("chat.completion");
        w.key("created").number(static_cast<int64_t>(reply.created_s)).key("model").string(model_);
        write_start_extra(w, reply.start_extra);
        w.key("choices").begin_array().begin_object().key("index").number(0).key("message");
        write_message(w, reply);
        w.key("logprobs");
        write_logprobs(w, reply);
        bool refused = false;
        for (const auto& part : reply.parts) refused |= part.kind == PARLEY_PART_REFUSAL;
        w.key("finish_reason").string(reason_of(reply.finish, refused));
        w.end_object().end_array().key("usage");
        write_chat_usage(w, reply.usage);
        w.end_object();
        out.write(json);
    }

    bool shows(const parley_event& part) const override { return has_word(part); }

private:
    static void write_text(JsonWriter& w, const sdk::FoldedReply& reply, uint32_t kind) {
        std::string text;
        bool any = false;
        for (const auto& part : reply.parts) {
            if (part.kind != kind) continue;
            any = true;
            text += part.text;
        }
        any ? w.string(text) : w.null();
    }

    static void write_message(JsonWriter& w, const sdk::FoldedReply& reply) {
        w.begin_object().key("role").string("assistant").key("content");
        write_text(w, reply, PARLEY_PART_TEXT);
        w.key("refusal");
        write_text(w, reply, PARLEY_PART_REFUSAL);
        write_reasoning(w, reply);
        write_annotations(w, reply);
        write_images(w, reply);
        write_calls(w, reply);
        w.end_object();
    }

    static void write_reasoning(JsonWriter& w, const sdk::FoldedReply& reply) {
        std::string text;
        for (const auto& part : reply.parts) {
            for (const auto& section : part.sections) {
                const bool first = &section == &part.sections.front();
                if (!first) text += "\n\n";
                text += section.text;
            }
        }
        if (!text.empty()) w.key("reasoning_content").string(text);
        std::string details;
        for (const auto& part : reply.parts) {
            if (part.seal.family != kDetailsFamily) continue;
            if (!details.empty()) details += ',';
            details += std::string_view(part.seal.data).substr(1, part.seal.data.size() - 2);
        }
        if (!details.empty()) w.key("reasoning_details").raw('[' + details + ']');
    }

    static void write_annotations(JsonWriter& w, const sdk::FoldedReply& reply) {
        uint64_t points = 0;
        bool any = false;
        for (const auto& part : reply.parts) {
            if (part.kind != PARLEY_PART_TEXT) continue;
            const uint64_t before = points;
            points += code_points(part.text);
            for (const auto& c : part.citations) {
                if (c.url.empty()) continue;
                if (!any) w.key("annotations").begin_array();
                any = true;
                const bool told = (c.flags & PARLEY_EVENT_SPAN_CODEPOINTS) != 0;
                const uint64_t start = told ? before + c.start : before;
                write_citation(w, {c.url, c.title, start, told ? before + c.end : points}, true);
            }
        }
        if (any) w.end_array();
    }

    static void write_images(JsonWriter& w, const sdk::FoldedReply& reply) {
        bool any = false;
        for (const auto& part : reply.parts) {
            if (part.kind != PARLEY_PART_IMAGE) continue;
            if (!any) w.key("images").begin_array();
            any = true;
            write_image(w, part.name, part.text);
        }
        if (any) w.end_array();
    }

    static void write_calls(JsonWriter& w, const sdk::FoldedReply& reply) {
        bool any = false;
        for (const auto& part : reply.parts) {
            if (part.kind != PARLEY_PART_TOOL_CALL) continue;
            if (!any) w.key("tool_calls").begin_array();
            any = true;
            const bool custom = part.tool_kind == PARLEY_TOOL_CALL_CUSTOM;
            const bool none = part.text.empty() && part.complete && !custom;
            w.begin_object();
            begin_call(w, part.id, part.name, custom);
            w.string(none ? std::string_view("{}") : std::string_view(part.text)).end_object();
            if (part.seal.family == "parley") write_signature(w, part.seal.data);
            w.end_object();
        }
        if (any) w.end_array();
    }

    // The lists of all deltas are one list.
    static void write_logprobs(JsonWriter& w, const sdk::FoldedReply& reply) {
        const auto has = [&](uint32_t kind) {
            return std::any_of(reply.parts.begin(), reply.parts.end(), [&](const auto& part) {
                return part.kind == kind && !part.logprobs.empty();
            });
        };
        if (!has(PARLEY_PART_TEXT) && !has(PARLEY_PART_REFUSAL)) {
            w.null();
            return;
        }
        w.begin_object();
        for (const uint32_t kind : {PARLEY_PART_TEXT, PARLEY_PART_REFUSAL}) {
            w.key(kind == PARLEY_PART_TEXT ? "content" : "refusal");
            has(kind) ? write_tokens(w, reply, kind) : static_cast<void>(w.null());
        }
        w.end_object();
    }

    static void write_tokens(JsonWriter& w, const sdk::FoldedReply& reply, uint32_t kind) {
        w.begin_array();
        for (const auto& part : reply.parts) {
            if (part.kind != kind) continue;
            for (const std::string& extra : part.logprobs) {
                sdk::each_logprob(extra, [&](std::string_view token) { w.raw(token); });
            }
        }
        w.end_array();
    }

    const parley_request& request_;
    std::string_view model_;
    sdk::Fold fold_;
};

}  // namespace

std::unique_ptr<Encoder> make_chat_encoder(const parley_codec_open& open) {
    if ((open.flags & PARLEY_CODEC_STREAM) != 0) return std::make_unique<ChatStream>(open);
    return std::make_unique<ChatBody>(open);
}

}  // namespace parley::openai
