#include "encoder.hpp"

#include <bit>
#include <charconv>

#include "arguments.hpp"
#include "base64.hpp"
#include "errors.hpp"
#include "finish.hpp"
#include "parley/request.h"
#include "parley/sdk/event_error.hpp"
#include "parley/sdk/ids.hpp"
#include "parley/sdk/usage.hpp"
#include "request.hpp"
#include "usage.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;
using sdk::view;

namespace {

constexpr std::string_view kChunkHead =
    R"({"candidates":[{"index":0,"content":{"role":"model","parts":[)";
constexpr std::string_view kPartsEnd = "]}";

bool may_cite(const parley_request& request) {
    bool may = (request.flags & PARLEY_REQUEST_HAS_DOCUMENTS) != 0;
    for (uint64_t i = 0; i < request.tool_count; ++i) {
        may = may || request.tools[i]->kind == PARLEY_TOOL_SERVER;
    }
    return may;
}

// The raw part of an item that came from this dialect; empty for others.
std::string own_item(parley_str extra) {
    std::string dialect;
    std::string raw;
    each_member(view(extra), [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "dialect") {
            dialect = read_word(value).text();
        } else if (key.raw == "raw") {
            raw.clear();  // a line of an event has no room for other lines
            compact(value.raw(), raw);
        } else {
            value.skip();
        }
    });
    return dialect == kDialectId ? raw : std::string();
}

}  // namespace

ReplyEncoder::ReplyEncoder(const parley_codec_open& open)
    : form_(Form::whole), model_(view(open.model)) {
    if ((open.flags & PARLEY_CODEC_STREAM) != 0) {
        const bool array = (open.request->flags & PARLEY_REQUEST_STREAM_ARRAY) != 0;
        form_ = array ? Form::array : Form::events;
    }
    if (may_cite(*open.request)) grounding_.keep_text();
}

bool Encoder::shows(const parley_event& part) {
    return part.kind != PARLEY_PART_SERVER_ITEM || !own_item(part.extra).empty();
}

void ReplyEncoder::encode(const parley_event& e, sdk::Out& out) {
    switch (e.type) {
        case PARLEY_EVENT_RESPONSE_STARTED:
            start(e);
            break;
        case PARLEY_EVENT_PART_STARTED:
            part_started(e);
            break;
        case PARLEY_EVENT_TEXT_DELTA:
            grounding_.text(view(e.text));
            if (e.extra.len != 0) logprobs_.add(view(e.extra));
            text(view(e.text), false, out);
            break;
        case PARLEY_EVENT_REASONING_DELTA:
            reasoning(e, out);
            break;
        case PARLEY_EVENT_TOOL_ARGS_DELTA:
            arguments_ += view(e.text);
            break;
        case PARLEY_EVENT_MEDIA_DELTA:
            media(e, out);
            break;
        case PARLEY_EVENT_SEAL:
            seal(e, out);
            break;
        case PARLEY_EVENT_CITATION:
            grounding_.cite(e);
            break;
        case PARLEY_EVENT_SERVER_UPDATE:
            if (std::string raw = own_item(e.extra); !raw.empty()) raw_ = std::move(raw);
            break;
        case PARLEY_EVENT_PART_ENDED:
            part_ended(e, out);
            break;
        case PARLEY_EVENT_USAGE:
            sdk::merge_usage(usage_, sdk::usage_of(e));
            break;
        case PARLEY_EVENT_PING:
            // All clients take empty lines; between the elements of an array they are space.
            if (form_ != Form::whole) out.borrow("\n\n");
            break;
        case PARLEY_EVENT_FINISH:
            finish(e, out);
            break;
        case PARLEY_EVENT_ERROR:
            fail(e, out);
            break;
        default:
            break;
    }
}

void ReplyEncoder::start(const parley_event& e) {
    tail_ = R"(,"modelVersion":)";
    sdk::json_quote(model_, tail_);
    const std::string id = sdk::id_with_prefix("", view(e.text));
    if (id.empty()) return;
    tail_ += R"(,"responseId":)";
    sdk::json_quote(id, tail_);
}

void ReplyEncoder::part_started(const parley_event& e) {
    kind_ = e.kind;
    section_ = 0;
    any_delta_ = false;
    is_custom_ = e.a == PARLEY_TOOL_CALL_CUSTOM;
    part_id_ = view(e.text);
    part_name_ = view(e.name);
    arguments_.clear();
    signature_.clear();
    raw_ = kind_ == PARLEY_PART_SERVER_ITEM ? own_item(e.extra) : std::string();
    grounding_.part_started();
}

void ReplyEncoder::reasoning(const parley_event& e, sdk::Out& out) {
    const bool begins = any_delta_ && e.a != section_;
    section_ = e.a;
    if (!begins) {
        text(view(e.text), true, out);
        return;
    }
    text("\n\n" + std::string(view(e.text)), true, out);
}

// The field holds base64, so an envelope of the host is encoded once more.
void ReplyEncoder::seal(const parley_event& e, sdk::Out& out) {
    const std::string_view family = view(e.name);
    if (family != kFamily && family != "parley") return;
    signature_.clear();
    if (family == kFamily) {
        signature_ = view(e.text);
    } else {
        append_base64(view(e.text), signature_);
    }
    if (kind_ != PARLEY_PART_REASONING) return;
    // Clients drop thoughts from the history, and texts without words: a call carries the seal, or
    // the end where none follows.
    if (!carried_.empty()) sign_empty_text(carried_, out);
    carried_ = std::move(signature_);
    signature_.clear();
}

void ReplyEncoder::part_ended(const parley_event& e, sdk::Out& out) {
    if (kind_ == PARLEY_PART_TOOL_CALL && signature_.empty()) std::swap(signature_, carried_);
    if (kind_ == PARLEY_PART_TOOL_CALL) {
        // A client would run a call that was cut.
        if ((e.flags & PARLEY_EVENT_COMPLETE) != 0) call(out);
    } else if (kind_ == PARLEY_PART_SERVER_ITEM) {
        item(out);
    } else if (!signature_.empty()) {
        sign_empty_text(signature_, out);
    }
    signature_.clear();
    kind_ = 0;
}

void ReplyEncoder::text(std::string_view text, bool is_thought, sdk::Out& out) {
    any_delta_ = true;
    if (form_ == Form::whole) {
        if (is_thought != joined_is_thought_) join_text();
        joined_is_thought_ = is_thought;
        joined_ += text;
        return;
    }
    JsonWriter w(begin_part());
    w.begin_object().key("text").string(text);
    if (is_thought) w.key("thought").boolean(true);
    w.end_object();
    end_part(out);
}

// The text of a whole reply becomes a part when something else comes.
void ReplyEncoder::join_text() {
    if (joined_.empty()) return;
    if (!parts_.empty()) parts_ += ',';
    JsonWriter w(parts_);
    w.begin_object().key("text").string(joined_);
    if (joined_is_thought_) w.key("thought").boolean(true);
    w.end_object();
    joined_.clear();
}

void ReplyEncoder::sign_empty_text(std::string_view signature, sdk::Out& out) {
    std::string joined;
    const bool signs_joined = form_ == Form::whole && !joined_.empty() && !joined_is_thought_;
    if (signs_joined) joined.swap(joined_);
    JsonWriter w(begin_part());
    w.begin_object().key("text").string(joined);
    w.key("thoughtSignature").string(signature).end_object();
    end_part(out);
}

void ReplyEncoder::media(const parley_event& e, sdk::Out& out) {
    const std::string_view mime = e.name.len != 0 ? view(e.name) : part_name_;
    JsonWriter w(begin_part());
    w.begin_object().key("inlineData").begin_object();
    w.key("mimeType").string(mime).key("data").string(view(e.text));
    w.end_object().end_object();
    end_part(out);
}

void ReplyEncoder::call(sdk::Out& out) {
    std::string args;
    compact(arguments_object(arguments_, is_custom_), args);
    JsonWriter w(begin_part());
    w.begin_object().key("functionCall").begin_object();
    w.key("id").string(part_id_).key("name").string(part_name_).key("args").raw(args);
    w.end_object();
    if (!signature_.empty()) w.key("thoughtSignature").string(signature_);
    w.end_object();
    end_part(out);
}

void ReplyEncoder::item(sdk::Out& out) {
    if (raw_.empty()) return;
    begin_part() += raw_;
    end_part(out);
}

std::string& ReplyEncoder::begin_part() {
    if (form_ != Form::whole) {
        begin_chunk();
        chunk_ += kChunkHead;
        return chunk_;
    }
    join_text();
    if (!parts_.empty()) parts_ += ',';
    return parts_;
}

void ReplyEncoder::end_part(sdk::Out& out) {
    if (form_ == Form::whole) return;
    chunk_ += kPartsEnd;
    write_logprobs();
    chunk_ += "}]";
    chunk_ += tail_;
    chunk_ += '}';
    end_chunk(out);
}

// Each chunk of a stream tells those of its own text.
void ReplyEncoder::write_logprobs() {
    if (logprobs_.empty()) return;
    chunk_ += R"(,"logprobsResult":)";
    logprobs_.write(chunk_);
}

void ReplyEncoder::begin_chunk() {
    chunk_.clear();
    if (form_ == Form::events) chunk_ = "data: ";
    if (form_ == Form::array) chunk_ = any_chunk_ ? "," : "[";
}

void ReplyEncoder::end_chunk(sdk::Out& out) {
    any_chunk_ = true;
    chunk_ += form_ == Form::events ? "\n\n" : form_ == Form::array ? "\n" : "";
    out.write(chunk_);
}

void ReplyEncoder::finish(const parley_event& e, sdk::Out& out) {
    if (!carried_.empty()) sign_empty_text(carried_, out);
    std::string detail;
    each_member(view(e.extra), [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "detail" && value.peek() == '"') {
            detail = read_word(value).text();
        } else {
            value.skip();
        }
    });
    join_text();
    begin_chunk();
    chunk_ += kChunkHead;
    if (form_ != Form::whole || parts_.empty()) chunk_ += R"({"text":""})";
    chunk_ += parts_;
    chunk_ += kPartsEnd;
    chunk_ += R"(,"finishReason":")";
    chunk_ += finish_word(e.kind);
    chunk_ += '"';
    if (!detail.empty()) {
        chunk_ += R"(,"finishMessage":)";
        sdk::json_quote(detail, chunk_);
    }
    write_logprobs();
    logprobs_.write_average(chunk_);
    if (grounding_.is_any()) {
        chunk_ += R"(,"groundingMetadata":)";
        JsonWriter w(chunk_);
        grounding_.write(w);
    }
    chunk_ += "}]";
    chunk_ += tail_;
    if (usage_.known != 0) {
        chunk_ += R"(,"usageMetadata":)";
        JsonWriter w(chunk_);
        write_usage(w, usage_);
    }
    chunk_ += '}';
    end_chunk(out);
    if (form_ == Form::array) out.borrow("]");
}

void ReplyEncoder::fail(const parley_event& e, sdk::Out& out) {
    begin_chunk();
    chunk_ += R"({"error":)" + error_object(sdk::EventError(e).error) + '}';
    end_chunk(out);
    if (form_ == Form::array) out.borrow("]");
}

EmbedEncoder::EmbedEncoder(const parley_codec_open& open)
    : is_batch_(is_batch_embed(*open.request)) {}

void EmbedEncoder::encode(const parley_event& e, sdk::Out& out) {
    if (e.type == PARLEY_EVENT_MEDIA_DELTA) {
        bytes_ += from_base64(view(e.text));
    } else if (e.type == PARLEY_EVENT_USAGE) {
        sdk::merge_usage(usage_, sdk::usage_of(e));
    } else if (e.type == PARLEY_EVENT_PART_ENDED) {
        vectors_ += vectors_.empty() ? R"({"values":[)" : R"(,{"values":[)";
        for (std::size_t i = 0; i + 4 <= bytes_.size(); i += 4) {
            uint32_t bits = 0;
            for (std::size_t b = 4; b-- > 0;) {
                bits = bits << 8 | static_cast<unsigned char>(bytes_[i + b]);
            }
            std::array<char, 32> digits{};
            const auto [end, fault] = std::to_chars(
                digits.data(), digits.data() + digits.size(), std::bit_cast<float>(bits));
            if (i != 0) vectors_ += ',';
            vectors_.append(digits.data(), end);
        }
        vectors_ += "]}";
        bytes_.clear();
    } else if (e.type == PARLEY_EVENT_FINISH) {
        std::string json =
            is_batch_ ? "{\"embeddings\":[" + vectors_ + "]" : "{\"embedding\":" + vectors_;
        if ((usage_.known & PARLEY_USAGE_INPUT) != 0) {
            json += ",\"usageMetadata\":";
            JsonWriter w(json);
            write_usage(w, usage_);
        }
        out.write(json + '}');
    }
}

Encoder* make_encoder(const parley_codec_open& open) {
    if (open.request->operation == PARLEY_OPERATION_EMBED) return new EmbedEncoder(open);
    return new ReplyEncoder(open);
}

}  // namespace parley::gemini
