#include "decoder.hpp"

#include "errors.hpp"
#include "json_text.hpp"
#include "parley/sdk/traits.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

// One event or reply is not larger than this; what is would be kept in memory.
constexpr std::size_t kEventBytesMax = std::size_t{64} << 20;

}  // namespace

bool sends_schema_as_tool(const parley_request& request, const parley_target& target) {
    const bool schema =
        request.format != nullptr && request.format->kind == PARLEY_FORMAT_JSON_SCHEMA;
    return schema && !sdk::Traits(view(target.traits)).flag("native_schema", true);
}

Decoder::Decoder(const parley_codec_open& open)
    : names_(*open.request, name_rules()),
      schema_as_tool_(sends_schema_as_tool(*open.request, *open.target)),
      counts_tokens_(open.request->operation == PARLEY_OPERATION_COUNT_TOKENS) {}

void Decoder::decode(std::string_view bytes, bool eof, const parley_sink& sink) {
    emitter_.bind(&sink);
    if (emitter_.ended() || emitter_.closed()) return;
    if (form_ == Form::unknown) {
        // Some servers send one where the other was asked for. No event starts with a brace.
        const std::size_t at = bytes.find_first_not_of(" \t\r\n");
        if (at != bytes.npos) form_ = bytes[at] == '{' ? Form::whole : Form::stream;
    }
    if (form_ == Form::whole) {
        feed_whole(bytes, eof);
    } else {
        feed_stream(bytes, eof);
    }
    if (held_.size() > kEventBytesMax) garbage("an event is larger than 64 MiB");
    if (!eof || emitter_.ended()) return;
    // Whoever said why it stops has said everything.
    if (!stop_reason_.empty()) {
        finish();
    } else {
        garbage("the reply ends before it is complete");
    }
}

void Decoder::feed_stream(std::string_view bytes, bool eof) {
    const bool holds = !held_.empty();
    if (holds) {
        held_ += bytes;
        bytes = held_;
    }
    std::size_t taken = 0;
    sdk::SseEvent event;
    while (taken < bytes.size() && !emitter_.ended() && !emitter_.closed()) {
        const std::size_t size = splitter_.next(bytes.substr(taken), eof, event);
        if (size == 0) break;
        taken += size;
        if (!event.data.empty()) on_event(event);
    }
    if (holds) {
        held_.erase(0, taken);
    } else {
        held_ = bytes.substr(taken);
    }
}

void Decoder::feed_whole(std::string_view bytes, bool eof) {
    held_ += bytes;
    if (eof) read_whole(held_);
}

void Decoder::on_event(const sdk::SseEvent& event) {
    if (event.data.starts_with("[DONE]")) return;
    JsonReader r(event.data);
    if (r.peek() != '{') {
        garbage("an event is not a JSON object");
        return;
    }
    std::string_view type = event.name;
    std::string_view message;
    std::string_view block;
    std::string_view change;
    std::string_view usage;
    uint64_t index = 0;
    JsonString key;
    JsonString word;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "type" && r.peek() == '"') {
            if (r.read_string(word)) type = word.raw;
        } else if (key.raw == "index") {
            r.read_count(index);
        } else if (key.raw == "delta") {
            change = r.raw();
        } else if (key.raw == "content_block") {
            block = r.raw();
        } else if (key.raw == "message") {
            message = r.raw();
        } else if (key.raw == "usage") {
            usage = r.raw();
        } else {
            r.skip();
        }
    }
    if (r.failed() || !r.at_end()) {
        garbage("an event is not JSON");
        return;
    }
    if (type == "content_block_delta") {
        delta(index, change);
    } else if (type == "content_block_start") {
        start_block(index, block);
    } else if (type == "content_block_stop") {
        stop_block(index);
    } else if (type == "message_start") {
        begin(message);
    } else if (type == "message_delta") {
        read_stop(change);
        read_usage(usage);
    } else if (type == "message_stop") {
        finish();
    } else if (type == "ping") {
        emitter_.ping();
    } else if (type == "error") {
        fail(event.data);
    }
}

// ---- messages ----

// A proxy that joins two replies starts twice; the first start counts.
void Decoder::begin(std::string_view message) {
    Members m(message);
    const std::string id = m.text("id");
    if (emitter_.started()) {
        if (!blocks_.empty() && id != id_) garbage("a second reply begins inside of the first");
        return;
    }
    id_ = id;
    read_usage(m.take("usage"));
    const sdk::Usage usage = counts_.usage();
    std::string extra;
    sdk::JsonWriter w(extra);
    w.begin_object();
    if ((usage.known & PARLEY_USAGE_INPUT) != 0) {
        w.key("usage").begin_object();
        w.key("input_total").number(static_cast<int64_t>(usage.input_total));
        sdk::write_usage_members(w, usage);
        w.end_object();
    }
    const std::string_view tier = tier_told(counts_.tier());
    if (!tier.empty()) w.key("service_tier").string(tier);
    w.end_object();
    if (extra.size() == 2) extra.clear();
    emitter_.start({id_, m.text("model"), 0, extra});
}

void Decoder::read_usage(std::string_view json) {
    if (json.empty()) return;
    JsonReader r(json);
    counts_.read(r);
}

void Decoder::read_stop(std::string_view json) {
    Members m(json);
    const std::string reason = m.text("stop_reason");
    if (reason.empty()) return;
    stop_reason_ = reason;
    stop_sequence_ = m.text("stop_sequence");
    stop_details_ = compact(m.take("stop_details"));
}

void Decoder::finish() {
    if (!emitter_.started()) {
        garbage("the reply ends before it has begun");
        return;
    }
    for (Block* block : open_) settle(*block);
    std::string extra;
    sdk::JsonWriter w(extra);
    w.begin_object();
    if (!stop_details_.empty()) w.key("detail").raw(stop_details_);
    const std::string_view tier = tier_told(counts_.tier());
    if (!tier.empty()) w.key("service_tier").string(tier);
    w.end_object();
    if (extra.size() == 2) extra.clear();
    emitter_.usage(counts_.usage());
    emitter_.finish({finish_of(stop_reason_), stop_sequence_, stop_reason_, extra});
}

void Decoder::read_whole(std::string_view json) {
    if (!is_object(json)) {
        garbage("the reply is not a JSON object");
        return;
    }
    Members m(json);
    const std::string_view content = m.take("content");
    if (m.text("type") == "error" || !m.take("error").empty()) {
        fail(json);
        return;
    }
    if (counts_tokens_ && m.has("input_tokens")) {
        emitter_.start({});
        read_usage(json);
        finish();
        return;
    }
    if (!content.starts_with('[')) {
        garbage("the reply is not a message");
        return;
    }
    begin(json);
    uint64_t index = 0;
    JsonReader r(content);
    r.enter_array();
    while (r.next_item() && !emitter_.ended()) {
        start_block(index, r.raw());
        stop_block(index++);
    }
    read_stop(json);
    if (!emitter_.ended()) finish();
}

void Decoder::garbage(const char* what) {
    emitter_.fail(PARLEY_E_UPSTREAM_PROTOCOL, std::string("upstream: ") + what);
}

void Decoder::fail(std::string_view json) {
    Told told = read_told(json);
    if (told.message.empty()) told.message = "upstream: failed and gave no reason";
    const int known = class_of(told);
    parley_error error{};
    error.struct_size = sizeof(error);
    error.error_class = known != 0 ? known : PARLEY_E_UPSTREAM_FAILED;
    error.fault = PARLEY_FAULT_UPSTREAM;
    error.message = str(told.message);
    error.code = str(told.code);
    emitter_.fail(error);
}

std::string_view Decoder::plain(const JsonString& s) {
    if (!s.escaped) return s.raw;
    scratch_.clear();
    sdk::json_unescape(s.raw, scratch_);
    return scratch_;
}

}  // namespace parley::claude
