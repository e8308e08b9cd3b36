#include "tap.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "assist.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonTop;
using sdk::view;

namespace {

constexpr std::array<std::string_view, 3> kTopKeys{"usageMetadata", "error", "totalTokens"};

enum TopKey { kUsage, kError, kTotal };

[[noreturn]] void garbage(const char* what) {
    throw sdk::Failure(PARLEY_E_UPSTREAM_PROTOCOL, std::string("upstream: ") + what);
}

// A candidate with a finishReason; `content` tells of parts.
bool is_finished(JsonReader& r, bool& content) {
    bool finished = false;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "finishReason")) {
            const std::string_view reason = value.raw();
            finished =
                reason != "null" && reason != "0" && reason != "\"FINISH_REASON_UNSPECIFIED\"";
        } else {
            content = key.raw == "content" || content;
            value.skip();
        }
    });
    return finished;
}

bool is_blocked(JsonReader& r) {
    bool blocked = false;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        blocked = is(key, "blockReason") || blocked;
        value.skip();
    });
    return blocked;
}

}  // namespace

// A model's answer is JSON or a stream of it, whatever it is said to be.
Tap::Tap(const parley_tap_open& open) : form_(Form::json), top_(kTopKeys) {
    if (open.call->operation == PARLEY_OPERATION_RELAY) form_ = Form::opaque;
    if (!route_of(*open.call).is_stream) return;
    form_ = Form::stream;
    wants_array_ = !wants_events(view(open.call->http->query));
}

parley_status Tap::feed(std::string_view bytes, bool eof, parley_tap& io) {
    cuts_.clear();
    io.taken = 0;
    io.cuts = nullptr;
    io.cut_count = 0;
    io.state = std::max<uint32_t>(io.state, PARLEY_TAP_OPEN);
    if (form_ == Form::stream) {
        if (is_of_another_form(bytes)) return PARLEY_DECLINED;
        has_begun_ = has_begun_ || bytes.find_first_not_of(" \t\r\n") != bytes.npos;
        feed_stream(bytes, eof, io);
    } else if (form_ == Form::json) {
        feed_json(bytes, eof, io);
    } else {
        feed_opaque(bytes, eof, io);
    }
    return PARLEY_OK;
}

// Clients that wait for events read no JSON, and those that wait for an array no object alone.
bool Tap::is_of_another_form(std::string_view bytes) const {
    const std::size_t at = has_begun_ ? bytes.npos : bytes.find_first_not_of(" \t\r\n");
    if (at == bytes.npos) return false;
    return wants_array_ ? bytes[at] == '{' : bytes[at] == '{' || bytes[at] == '[';
}

void Tap::feed_opaque(std::string_view bytes, bool eof, parley_tap& io) {
    io.taken = bytes.size();
    if (io.state == PARLEY_TAP_OPEN && !bytes.empty()) io.state = PARLEY_TAP_CONTENT;
    if (eof) io.state = PARLEY_TAP_COMPLETE;
}

// A reply of one piece is worth nothing before it is whole, hence open until then. What stands in
// an envelope is held so long, since only its end says where that closes.
void Tap::feed_json(std::string_view bytes, bool eof, parley_tap& io) {
    if (wrapping_ == Wrapping::unknown) wrapping_ = wrapping_of(bytes);
    if (wrapping_ != Wrapping::none && !eof) return;
    if (wrapping_ != Wrapping::envelope) return read_json(bytes, eof, io);
    const std::string_view inside = unwrapped(bytes);
    cut_around(inside, bytes, bytes, io);
    read_json(inside, eof, io);
    io.taken = bytes.size();
}

// Of `outer`, which stands in `bytes`, all goes but what is inside.
void Tap::cut_around(std::string_view inside,
                     std::string_view outer,
                     std::string_view bytes,
                     parley_tap& io) {
    if (inside.data() == outer.data() && inside.size() == outer.size()) return;
    const auto at = static_cast<std::size_t>(inside.data() - outer.data());
    if (outer.data() < bytes.data() || outer.data() >= bytes.data() + bytes.size()) {
        garbage("an event in an envelope has several lines");
    }
    const auto from = static_cast<std::size_t>(outer.data() - bytes.data());
    const std::size_t end = at + inside.size();
    if (at != 0) cuts_.push_back({from, at});
    if (end != outer.size()) cuts_.push_back({from + end, outer.size() - end});
    io.cuts = cuts_.data();
    io.cut_count = cuts_.size();
}

void Tap::read_json(std::string_view bytes, bool eof, parley_tap& io) {
    const JsonTop::State state = top_.feed(bytes);
    if (state == JsonTop::State::broken) garbage("the reply is not a JSON object");
    if (state == JsonTop::State::open && eof) garbage("the reply ends inside its JSON");
    io.taken = bytes.size();
    if (state != JsonTop::State::complete || io.state >= PARLEY_TAP_COMPLETE) return;
    io.state = PARLEY_TAP_COMPLETE;
    JsonReader usage(top_.value(kUsage));
    if (usage.peek() == '{') usage_.read(usage);
    io.usage = usage_.usage();
    if (top_.has(kTotal)) {
        JsonReader(top_.value(kTotal)).read_count(io.usage.input_total);
        io.usage.known |= PARLEY_USAGE_INPUT;
    }
    const std::string_view error = top_.value(kError);
    if (top_.has(kError) && error != "null") {
        report("{\"error\":" + std::string(error.empty() ? "{}" : error) + "}", io);
    }
}

void Tap::feed_stream(std::string_view bytes, bool eof, parley_tap& io) {
    ChunkSplitter::Piece piece;
    while (io.taken < bytes.size()) {
        const std::size_t size = splitter_.next(bytes.substr(io.taken), eof, piece);
        if (size == 0) break;
        // Nothing counts behind the end.
        if (piece.has_json && io.state < PARLEY_TAP_COMPLETE) {
            const std::string_view inside = unwrapped(piece.json);
            cut_around(inside, piece.json, bytes, io);
            on_chunk(inside, io);
        }
        io.taken += size;
    }
    if (!eof) return;
    if (io.taken != bytes.size()) garbage("the reply ends inside its JSON");
    const bool in_order = has_reason_ && !splitter_.in_array();
    if (in_order && io.state < PARLEY_TAP_COMPLETE) io.state = PARLEY_TAP_COMPLETE;
}

void Tap::on_chunk(std::string_view json, parley_tap& io) {
    any_chunk_ = true;
    bool failed = false;
    bool content = false;
    JsonReader r(json);
    if (r.peek() != '{') garbage("an event is not a JSON object");
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "candidates") {
            each_element(value, [&](JsonReader& one) {
                has_reason_ = is_finished(one, content) || has_reason_;
            });
        } else if (is(key, "promptFeedback")) {
            has_reason_ = is_blocked(value) || has_reason_;
        } else if (is(key, "usageMetadata")) {
            usage_.read(value);
        } else if (key.raw == "error") {
            failed = value.peek() != 'n';
            value.skip();
        } else {
            value.skip();
        }
    });
    if (r.failed() || !r.at_end()) garbage("an event is not JSON");
    io.usage = usage_.usage();
    if (content || has_reason_) io.state = PARLEY_TAP_CONTENT;
    if (failed) report(json, io);
}

void Tap::report(std::string_view json, parley_tap& io) {
    told_ = read_told(json);
    const parley_arena* arena = io.error.arena;
    fill_error(told_, io.error);
    io.error.arena = arena;
    io.state = PARLEY_TAP_FAILED;
}

void Tap::fail(const parley_error& error, sdk::Out& out) {
    if (form_ != Form::stream) throw sdk::Failure(PARLEY_E_UNSUPPORTED, "not a stream");
    const std::string json = "{\"error\":" + error_object(error) + "}";
    if (!wants_array_) {
        out.write("data: " + json + "\n\n");
    } else if (splitter_.in_array() || !splitter_.had_array()) {
        const char* before = !splitter_.had_array() ? "[" : any_chunk_ ? "," : "";
        out.write(before + json + "\n]");
    }
}

}  // namespace parley::gemini
