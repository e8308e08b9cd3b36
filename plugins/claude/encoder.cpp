#include "encoder.hpp"

#include <array>
#include <charconv>

#include "errors.hpp"
#include "parley/sdk/event_error.hpp"
#include "parley/sdk/ids.hpp"
#include "parley/sdk/usage.hpp"
#include "usage.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::view;

namespace {

constexpr std::size_t kUsualEventBytes = 512;

}  // namespace

Encoder::Encoder(const parley_codec_open& open)
    : open_(open), hides_reasoning_(hides_reasoning(*open.request)) {
    bytes_.reserve(kUsualEventBytes);
}

void Encoder::encode(const parley_event& event, sdk::Out& out) {
    bytes_.clear();
    if ((open_.flags & PARLEY_CODEC_STREAM) != 0) {
        stream(event);
    } else if (event.type == PARLEY_EVENT_ERROR) {
        bytes_ = error_body(sdk::EventError(event).error);
    } else if (fold_.add(event)) {
        write_whole(fold_.reply(), open_, bytes_);
    }
    if (!bytes_.empty()) out.write(bytes_);
}

// Its answers are words, calls, and what its own servers did.
bool Encoder::shows(const parley_event& part) const {
    switch (part.kind) {
        case PARLEY_PART_IMAGE:
        case PARLEY_PART_AUDIO:
        case PARLEY_PART_VIDEO:
        case PARLEY_PART_DOCUMENT:
            return false;
        case PARLEY_PART_SERVER_ITEM:
            return !item_block(view(part.extra)).empty();
        default:
            return true;
    }
}

void Encoder::stream(const parley_event& e) {
    switch (e.type) {
        case PARLEY_EVENT_RESPONSE_STARTED:
            start(e);
            break;
        case PARLEY_EVENT_PART_STARTED:
            start_part(e);
            break;
        case PARLEY_EVENT_TEXT_DELTA:
            delta("text_delta", "text", view(e.text));
            break;
        case PARLEY_EVENT_REASONING_DELTA:
            reasoning(e);
            break;
        case PARLEY_EVENT_TOOL_ARGS_DELTA:
            arguments(view(e.text));
            break;
        case PARLEY_EVENT_SEAL:
            seal(e);
            break;
        case PARLEY_EVENT_CITATION: {
            const std::string source = citation_json(view(e.text), view(e.name), view(e.extra));
            if (source.empty() || !block_open_) break;
            begin_delta("citations_delta", "citation");
            bytes_ += source;
            end_delta();
            break;
        }
        case PARLEY_EVENT_SERVER_UPDATE:
            if (e.extra.len != 0) extra_ = view(e.extra);
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
            event("error", error_body(sdk::EventError(e).error));
            break;
        case PARLEY_EVENT_PING:
            event("ping", R"({"type":"ping"})");
            break;
        default:
            break;
    }
}

// ---- messages ----

void Encoder::start(const parley_event& e) {
    sdk::Usage usage = usage_hint(view(e.extra));
    usage.known |= PARLEY_USAGE_INPUT;
    if ((usage.known & PARLEY_USAGE_OUTPUT) == 0) usage.output_total = 1;
    json_.clear();
    sdk::JsonWriter w(json_);
    w.begin_object().key("type").string("message_start").key("message").begin_object();
    w.key("id").string(message_id(view(e.text), *open_.request)).key("type").string("message");
    w.key("role").string("assistant").key("model").string(view(open_.model));
    w.key("content").begin_array().end_array();
    w.key("stop_reason").null().key("stop_sequence").null().key("usage");
    write_usage(w, usage, tier_word(view(e.extra)));
    w.end_object().end_object();
    event("message_start", json_);
    event("ping", R"({"type":"ping"})");
}

void Encoder::finish(const parley_event& e) {
    json_.clear();
    sdk::JsonWriter w(json_);
    w.begin_object().key("type").string("message_delta").key("delta").begin_object();
    write_stop(w, e.kind, view(e.text), view(e.extra));
    w.end_object().key("usage");
    write_usage(w, usage_);
    w.end_object();
    event("message_delta", json_);
    event("message_stop", R"({"type":"message_stop"})");
}

// ---- parts ----

void Encoder::start_part(const parley_event& e) {
    block_open_ = has_delta_ = false;
    section_ = 0;
    call_id_.clear();
    extra_ = view(e.extra);
    if (e.kind == PARLEY_PART_TEXT || e.kind == PARLEY_PART_REFUSAL) {
        open_block(R"({"type":"text","text":""})");
    } else if (e.kind == PARLEY_PART_TOOL_CALL) {
        // It waits for its seal, which stands in front of it.
        call_id_ = tool_use_id(view(e.text));
        call_name_ = view(e.name);
        is_custom_ = e.a == PARLEY_TOOL_CALL_CUSTOM;
    }
}

void Encoder::reasoning(const parley_event& e) {
    if (hides_reasoning_) return;
    if (!block_open_) open_block(R"({"type":"thinking","thinking":"","signature":""})");
    begin_delta("thinking_delta", "thinking");
    // One block holds all sections.
    if (has_delta_ && e.a != section_) {
        json_.assign("\n\n");
        json_ += view(e.text);
        sdk::json_quote(json_, bytes_);
    } else {
        sdk::json_quote(view(e.text), bytes_);
    }
    end_delta();
    has_delta_ = true;
    section_ = e.a;
}

void Encoder::seal(const parley_event& e) {
    const Carrier carrier = carrier_of(e.a, view(e.name), block_open_);
    if (carrier == Carrier::none) return;
    const bool reasoning = e.kind == PARLEY_PART_REASONING;
    if (reasoning && carrier == Carrier::signature) {
        if (!block_open_) open_block(R"({"type":"thinking","thinking":"","signature":""})");
        delta("signature_delta", "signature", view(e.text));
        return;
    }
    if (!reasoning && (e.kind != PARLEY_PART_TOOL_CALL || call_id_.empty())) return;
    std::string block = R"({"type":"redacted_thinking","data":)";
    sdk::json_quote(view(e.text), block);
    block += '}';
    open_block(block);
    if (!reasoning) close_block();
}

void Encoder::open_call() {
    if (call_id_.empty()) return;
    open_block(tool_use_block(call_id_, call_name_, extra_, {}));
    call_id_.clear();
    if (is_custom_) delta("input_json_delta", "partial_json", R"({"input":")");
}

void Encoder::arguments(std::string_view fragment) {
    open_call();
    if (fragment.empty()) return;
    has_delta_ = true;
    if (is_custom_) {
        // The insides of a JSON string.
        json_.clear();
        sdk::json_quote(fragment, json_);
        fragment = std::string_view(json_).substr(1, json_.size() - 2);
    }
    delta("input_json_delta", "partial_json", fragment);
}

void Encoder::end_part(const parley_event& e) {
    const bool complete = (e.flags & PARLEY_EVENT_COMPLETE) != 0;
    if (e.kind == PARLEY_PART_TOOL_CALL) {
        open_call();
        if (is_custom_ && complete) {
            delta("input_json_delta", "partial_json", "\"}");
        } else if (!is_custom_ && !has_delta_ && complete) {
            delta("input_json_delta", "partial_json", "{}");
        }
    } else if (e.kind == PARLEY_PART_SERVER_ITEM) {
        const std::string block = item_block(extra_);
        if (!block.empty()) open_block(block);
    }
    if (block_open_) close_block();
}

// ---- bytes ----

namespace {

void append_number(std::string& out, uint64_t number) {
    std::array<char, 20> digits{};
    const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

}  // namespace

void Encoder::event(std::string_view name, std::string_view json) {
    bytes_ += "event: ";
    bytes_ += name;
    bytes_ += "\ndata: ";
    bytes_ += json;
    bytes_ += "\n\n";
}

void Encoder::open_block(std::string_view block) {
    bytes_ +=
        "event: content_block_start\n"
        "data: {\"type\":\"content_block_start\",\"index\":";
    append_number(bytes_, blocks_++);
    bytes_ += ",\"content_block\":";
    bytes_ += block;
    bytes_ += "}\n\n";
    block_open_ = true;
}

void Encoder::close_block() {
    bytes_ +=
        "event: content_block_stop\n"
        "data: {\"type\":\"content_block_stop\",\"index\":";
    append_number(bytes_, blocks_ - 1);
    bytes_ += "}\n\n";
    block_open_ = false;
}

void Encoder::begin_delta(std::string_view type, std::string_view member) {
    bytes_ +=
        "event: content_block_delta\n"
        "data: {\"type\":\"content_block_delta\",\"index\":";
    append_number(bytes_, blocks_ - 1);
    bytes_ += ",\"delta\":{\"type\":\"";
    bytes_ += type;
    bytes_ += "\",\"";
    bytes_ += member;
    bytes_ += "\":";
}

void Encoder::end_delta() {
    bytes_ += "}}\n\n";
}

void Encoder::delta(std::string_view type, std::string_view member, std::string_view text) {
    begin_delta(type, member);
    sdk::json_quote(text, bytes_);
    end_delta();
}

}  // namespace parley::claude
