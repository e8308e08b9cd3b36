#include "tap.hpp"

#include <algorithm>
#include <array>

#include "json_text.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonTop;
using sdk::str;
using sdk::view;

namespace {

constexpr std::array<std::string_view, 3> kTopKeys{"usage", "error", "container"};

enum TopKey { kUsage, kError, kContainer };

[[noreturn]] void garbage(const char* what) {
    throw sdk::Failure(PARLEY_E_UPSTREAM_PROTOCOL, std::string("upstream: ") + what);
}

bool is_event_stream(parley_str content_type) {
    constexpr std::string_view kType = "text/event-stream";
    const std::string_view type = view(content_type).substr(0, kType.size());
    return std::equal(type.begin(), type.end(), kType.begin(), kType.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
    });
}

}  // namespace

// A model's answer is JSON or a stream of it, whatever it is said to be.
Tap::Tap(const parley_tap_open& open)
    : wants_stream_(open.call->operation == PARLEY_OPERATION_GENERATE &&
                    (open.peek->flags & PARLEY_PEEK_STREAM) != 0),
      says_stream_(is_event_stream(open.head->content_type)),
      top_(kTopKeys) {
    if (says_stream_ && !wants_stream_) form_ = Form::stream;
}

parley_status Tap::feed(std::string_view bytes, bool eof, parley_tap& io) {
    made_view_ = {};
    io.taken = 0;
    io.cuts = nullptr;
    io.cut_count = 0;
    io.state = std::max<uint32_t>(io.state, PARLEY_TAP_OPEN);
    if (form_ == Form::unknown) sniff(bytes);
    if (form_ == Form::declined) return PARLEY_DECLINED;
    if (form_ == Form::unknown && !eof) return PARLEY_OK;
    if (form_ == Form::stream) {
        feed_stream(bytes, eof, io);
    } else {
        feed_json(bytes, eof, io);
    }
    io.made = &made_view_;
    io.made_count = made_view_.len == 0 ? 0 : 1;
    return PARLEY_OK;
}

// What code ran in stays with the account: `container` is an object, or null.
void Tap::make(std::string_view container) {
    if (!is_object(container)) return;
    made_ = Members(container).text("id");
    made_view_ = str(made_);
}

// No JSON starts with the letter of a field.
void Tap::sniff(std::string_view bytes) {
    const std::size_t at = bytes.find_first_not_of(" \t\r\n");
    if (at == bytes.npos) return;
    const bool field = std::string_view(":deir\xef").find(bytes[at]) != std::string_view::npos;
    const bool value = bytes[at] == '{' || bytes[at] == '[';
    form_ = value && wants_stream_  ? Form::declined
            : field || says_stream_ ? Form::stream
                                    : Form::json;
}

// A reply of one piece is worth nothing before it is whole, hence open until then.
void Tap::feed_json(std::string_view bytes, bool eof, parley_tap& io) {
    const JsonTop::State state = top_.feed(bytes);
    if (state == JsonTop::State::broken) garbage("the reply is not a JSON object");
    if (state == JsonTop::State::open && eof) garbage("the reply ends inside its JSON");
    io.taken = bytes.size();
    if (state != JsonTop::State::complete || io.state >= PARLEY_TAP_COMPLETE) return;
    io.state = PARLEY_TAP_COMPLETE;
    JsonReader usage(top_.value(kUsage));
    if (usage.peek() == '{') {
        counts_.read(usage);
        io.usage = counts_.usage();
    }
    make(top_.value(kContainer));
    const std::string_view error = top_.value(kError);
    if (!top_.has(kError) || error == "null") return;
    std::string whole = "{\"error\":";
    whole += error.empty() ? "{}" : error;
    whole += '}';
    report(whole, io);
}

void Tap::feed_stream(std::string_view bytes, bool eof, parley_tap& io) {
    sdk::SseEvent event;
    while (io.taken < bytes.size()) {
        const std::size_t size = splitter_.next(bytes.substr(io.taken), eof, event);
        if (size == 0) break;
        // Nothing counts behind the end, and data of no length keeps a connection alive.
        if (io.state < PARLEY_TAP_COMPLETE && !event.data.empty()) on_event(event, io);
        io.taken += size;
    }
}

void Tap::on_event(const sdk::SseEvent& event, parley_tap& io) {
    JsonReader r(event.data);
    if (r.peek() != '{' || !r.enter_object()) garbage("an event is not a JSON object");
    std::string_view type = event.name;
    JsonString key;
    JsonString word;
    while (r.next_key(key)) {
        if (key.raw == "type" && r.peek() == '"') {
            if (r.read_string(word)) type = word.raw;
        } else if (key.raw == "usage") {
            counts_.read(r);
        } else if (key.raw == "message" && r.peek() == '{') {
            read_message(r);
        } else {
            r.skip();
        }
    }
    if (r.failed() || !r.at_end()) garbage("an event is not JSON");
    io.usage = counts_.usage();
    if (type == "message_stop") {
        io.state = PARLEY_TAP_COMPLETE;
    } else if (type == "error") {
        report(event.data, io);
    } else if (type.starts_with("content_block_") || type == "message_delta") {
        io.state = PARLEY_TAP_CONTENT;
        if (type == "message_delta")
            make(Members(Members(event.data).take("delta")).take("container"));
    }
}

void Tap::read_message(JsonReader& r) {
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "usage") {
            counts_.read(r);
        } else {
            r.skip();
        }
    }
}

void Tap::report(std::string_view said, parley_tap& io) {
    told_ = read_told(said);
    if (told_.message.empty()) told_.message = "upstream: failed and gave no reason";
    const int known = class_of(told_);
    io.state = PARLEY_TAP_FAILED;
    io.error.error_class = known != 0 ? known : PARLEY_E_UPSTREAM_FAILED;
    io.error.fault = PARLEY_FAULT_UPSTREAM;
    io.error.message = str(told_.message);
    io.error.code = str(told_.code);
}

void Tap::fail(const parley_error& error, sdk::Out& out) {
    const bool is_whole = form_ == Form::json;
    if (is_whole || !(wants_stream_ || form_ == Form::stream))
        throw sdk::Failure(PARLEY_E_UNSUPPORTED, "not a stream");
    out.write("event: error\ndata: " + error_body(error) + "\n\n");
}

}  // namespace parley::claude
