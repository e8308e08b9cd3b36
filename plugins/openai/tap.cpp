#include "tap.hpp"

#include <algorithm>
#include <array>

#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonTop;
using sdk::str;
using sdk::view;

namespace {

constexpr std::array<std::string_view, 8> kTopKeys{
    "usage", "error", "id", "conversation", "status", "success", "msg", "message"};

enum TopKey { kUsage, kError, kId, kConversation, kStatus, kSuccess, kMsg, kMessage };

// One vendor refuses with 200: {"status":"439","msg":"..."}, {"success":false,"message":"..."}. An
// empty text: it is none of these.
std::string refusal_in(const JsonTop& top) {
    constexpr std::size_t kDigits = 3;
    std::string_view status = top.value(kStatus);
    if (status.starts_with('"')) status = status.substr(1, status.size() - 2);
    const bool is_status = status.size() == kDigits && status >= "400" && status <= "999";
    if (!is_status && top.value(kSuccess) != "false") return {};
    const std::string_view words = top.value(top.has(kMsg) ? kMsg : kMessage);
    std::string json = R"({"message":)";
    json.append(words.empty() ? "null" : words);
    if (is_status) json.append(R"(,"code":")").append(status).append("\"");
    return json + '}';
}

bool is_type(parley_str content_type, std::string_view lower_case) {
    const std::string_view type = view(content_type).substr(0, lower_case.size());
    return std::equal(
        type.begin(), type.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
        });
}

}  // namespace

// A model's answer is JSON or a stream of it, whatever it is said to be; a page of HTML is a broken
// gateway in between.
Tap::Tap(const parley_tap_open& open)
    : form_(Form::opaque),
      model_answers_(open.call->operation <= PARLEY_OPERATION_EMBED),
      usage_added_((open.retarget_flags & PARLEY_RETARGET_USAGE_ADDED) != 0),
      wants_stream_(open.call->operation == PARLEY_OPERATION_GENERATE &&
                    (open.peek->flags & PARLEY_PEEK_STREAM) != 0),
      top_(kTopKeys) {
    says_stream_ = is_type(open.head->content_type, "text/event-stream");
    if (says_stream_ && !wants_stream_)
        form_ = Form::stream;
    else if (model_answers_)
        form_ = Form::unknown;
    else if (is_type(open.head->content_type, "application/json"))
        form_ = Form::json;
}

void Tap::garbage(const char* what) {
    throw sdk::Failure(PARLEY_E_UPSTREAM_PROTOCOL, std::string("upstream: ") + what);
}

parley_status Tap::feed(std::string_view bytes, bool eof, parley_tap& io) {
    cuts_.clear();
    made_.clear();
    io.taken = 0;
    io.cuts = nullptr;
    io.cut_count = 0;
    io.state = std::max<uint32_t>(io.state, PARLEY_TAP_OPEN);
    if (form_ == Form::unknown) sniff(bytes);
    if (form_ == Form::declined) return PARLEY_DECLINED;
    if (form_ == Form::unknown && !eof) return PARLEY_OK;
    if (form_ == Form::json && wants_stream_) return PARLEY_DECLINED;
    try {
        if (form_ == Form::stream)
            feed_stream(bytes, eof, io);
        else if (form_ == Form::opaque)
            feed_opaque(bytes, eof, io);
        else
            feed_json(bytes, eof, io);
    } catch (const sdk::Failure&) {
        tell_made(io);  // what came before the garbage was made all the same
        throw;
    }
    tell_made(io);
    return PARLEY_OK;
}

void Tap::tell_made(parley_tap& io) {
    made_views_.clear();
    for (const std::string& made : made_) made_views_.push_back(str(made));
    io.made = made_views_.data();
    io.made_count = made_views_.size();
}

void Tap::make(std::string_view raw) {
    if (raw.starts_with('"')) raw = raw.substr(1, raw.size() - 2);
    if (!raw.empty()) made_.emplace_back(raw);
}

// Some servers send events under another name. No JSON starts with the letter of a field.
void Tap::sniff(std::string_view bytes) {
    const std::size_t at = bytes.find_first_not_of(" \t\r\n");
    if (at == bytes.npos) return;
    const bool field = std::string_view(":deir\xef").find(bytes[at]) != std::string_view::npos;
    const bool value = bytes[at] == '{' || bytes[at] == '[';
    form_ = value && wants_stream_  ? Form::declined
            : field || says_stream_ ? Form::stream
                                    : Form::json;
}

void Tap::feed_opaque(std::string_view bytes, bool eof, parley_tap& io) {
    io.taken = bytes.size();
    if (io.state == PARLEY_TAP_OPEN && !bytes.empty()) io.state = PARLEY_TAP_CONTENT;
    if (eof) io.state = PARLEY_TAP_COMPLETE;
}

// A reply of one piece is worth nothing before it is whole, hence open until then.
void Tap::feed_json(std::string_view bytes, bool eof, parley_tap& io) {
    const JsonTop::State state = top_.feed(bytes);
    if (state == JsonTop::State::broken && !model_answers_) {
        form_ = Form::opaque;
        feed_opaque(bytes, eof, io);
        return;
    }
    if (state == JsonTop::State::broken) garbage("the reply is not a JSON object");
    if (state == JsonTop::State::open && eof) garbage("the reply ends inside its JSON");
    io.taken = bytes.size();
    if (makes_owned()) sealed_.feed(bytes, [&](std::string_view end) { make(end); });
    if (state != JsonTop::State::complete || io.state >= PARLEY_TAP_COMPLETE) return;
    io.state = PARLEY_TAP_COMPLETE;
    if (makes_owned()) {
        make(top_.value(kId));
        make(id_in(top_.value(kConversation)));
    }
    JsonReader usage(top_.value(kUsage));
    if (usage.peek() == '{') read_usage(usage, io.usage);
    const std::string_view error = top_.value(kError);
    if (top_.has(kError) && (error.empty() || is_error(error))) return report(error, io);
    if (const std::string refusal = refusal_in(top_); !refusal.empty()) report(refusal, io);
}

void Tap::feed_stream(std::string_view bytes, bool eof, parley_tap& io) {
    sdk::SseEvent event;
    while (io.taken < bytes.size()) {
        const std::size_t size = splitter_.next(bytes.substr(io.taken), eof, event);
        if (size == 0) break;
        // Nothing counts behind the end, and data of no length keeps a connection alive.
        const bool telling = io.state < PARLEY_TAP_COMPLETE && !event.data.empty();
        if (telling && on_event(event, io)) {
            cuts_.push_back({io.taken, size});
            io.cuts = cuts_.data();
            io.cut_count = cuts_.size();
        }
        io.taken += size;
    }
    if (eof && io.state < PARLEY_TAP_COMPLETE && complete_at_end()) io.state = PARLEY_TAP_COMPLETE;
}

bool Tap::is_error(std::string_view value) {
    return value != "null" && value != "false" && value != "\"\"" && value != "{}";
}

void Tap::report(std::string_view said, parley_tap& io) {
    told_ = read_told(said);
    if (told_.message.empty()) told_.message = "upstream: failed and gave no reason";
    io.state = PARLEY_TAP_FAILED;
    io.error.error_class = class_without_status(told_);
    io.error.fault = PARLEY_FAULT_UPSTREAM;
    io.error.message = str(told_.message);
    io.error.retry_after_ms = told_.retry_after_ms;
    io.error.code = str(told_.code);
    io.error.param = str(told_.param);
}

void Tap::fail(const parley_error& error, sdk::Out& out) {
    const bool is_whole = form_ == Form::json || form_ == Form::opaque;
    if (is_whole || !(wants_stream_ || form_ == Form::stream))
        throw sdk::Failure(PARLEY_E_UNSUPPORTED, "not a stream");
    write_failure(error, out);
}

void Tap::write_failure(const parley_error& error, sdk::Out& out) {
    out.write("data: {\"error\":" + error_object(error) + "}\n\n");
}

namespace {

// A stream of events whose last one ends in ".completed" or ".done".
class EventTap final : public Tap {
public:
    using Tap::Tap;

private:
    bool on_event(const sdk::SseEvent& event, parley_tap& io) override {
        if (event.data.starts_with("[DONE]")) {
            io.state = PARLEY_TAP_COMPLETE;
            return false;
        }
        JsonReader r(event.data);
        if (r.peek() != '{' || !r.enter_object()) garbage("an event is not a JSON object");
        JsonString type;
        std::string_view error;
        JsonString key;
        while (r.next_key(key)) {
            if (key.equals("usage"))
                read_usage(r, io.usage);
            else if (key.equals("error"))
                error = r.raw();
            else if (key.equals("type") && r.peek() == '"')
                r.read_string(type);
            else
                r.skip();
        }
        if (r.failed() || !r.at_end()) garbage("an event is not JSON");
        const bool last = type.raw.ends_with(".completed") || type.raw.ends_with(".done");
        io.state = last ? PARLEY_TAP_COMPLETE : PARLEY_TAP_CONTENT;
        const bool failed = type.raw == "error" || event.name == "error";
        if (failed || (!error.empty() && is_error(error))) report(event.data, io);
        return false;
    }

    bool complete_at_end() const override { return false; }
};

}  // namespace

std::unique_ptr<Tap> make_event_tap(const parley_tap_open& open) {
    return std::make_unique<EventTap>(open);
}

}  // namespace parley::openai
