#include "reply_in.hpp"

namespace parley::openai {

using sdk::JsonString;

namespace {

// Pictures come as one event; nothing else is nearly as long.
constexpr std::size_t kCarriedBytesMax = std::size_t{64} * 1024 * 1024;

}  // namespace

void Decoder::decode(std::string_view bytes, bool eof, const parley_sink& sink) {
    emit_.bind(&sink);
    if (emit_.ended()) return;
    if (carried_.size() + bytes.size() > kCarriedBytesMax) {
        emit_.fail(PARLEY_E_BUDGET, "upstream: an event is longer than 64 MiB");
        return;
    }
    if (form_ == Form::unknown) sniff(bytes);
    if (form_ == Form::stream) {
        read_stream(bytes, eof);
        return;
    }
    carried_ += bytes;
    if (!eof) return;
    if (form_ == Form::body) {
        on_body(carried_);
    } else {
        garbage("the reply is empty");
    }
}

// No event starts like JSON, no JSON like an event.
void Decoder::sniff(std::string_view bytes) {
    const std::size_t at = bytes.find_first_not_of(" \t\r\n");
    if (at == bytes.npos) return;
    form_ = bytes[at] == '{' || bytes[at] == '[' ? Form::body : Form::stream;
}

void Decoder::read_stream(std::string_view bytes, bool eof) {
    const bool carries = !carried_.empty();
    if (carries) carried_ += bytes;
    const std::string_view all = carries ? std::string_view(carried_) : bytes;
    std::size_t at = 0;
    sdk::SseEvent event;
    while (at < all.size() && !emit_.ended()) {
        const std::size_t size = splitter_.next(all.substr(at), eof, event);
        if (size == 0) break;
        const char first = all[at];
        at += size;
        if (!event.data.empty()) {
            on_event(event);
        } else if (eof && at == all.size() && first != ':' && first != '\r' && first != '\n') {
            garbage("the stream ended inside an event");
        }
    }
    if (eof && !emit_.ended()) {
        on_end();
        if (!emit_.ended()) garbage("the stream ended before the reply was complete");
    }
    if (emit_.ended()) {
        carried_.clear();
    } else if (carries) {
        carried_.erase(0, at);
    } else {
        carried_ = all.substr(at);
    }
}

void Decoder::text(uint64_t key, std::string_view text, std::string_view extra) {
    if (!cutter_.watches()) {
        emit_.text(key, text, extra);
        return;
    }
    if (key != cut_key_) settle_text();
    cut_key_ = key;
    logprobs_.add_all(extra);
    const bool met =
        cutter_.feed(text, [&](std::string_view t) { emit_.text(key, t, logprobs_.take()); });
    if (met) emit_.finish({PARLEY_FINISH_STOP_SEQUENCE, cutter_.met()});
}

void Decoder::settle_text() {
    cutter_.flush([&](std::string_view t) { emit_.text(cut_key_, t, logprobs_.take()); });
}

void Decoder::report(std::string_view said) {
    Told told = read_told(said);
    if (told.message.empty()) told.message = "upstream: failed and gave no reason";
    parley_error error{};
    error.struct_size = sizeof(error);
    error.error_class = class_without_status(told);
    error.fault = PARLEY_FAULT_UPSTREAM;
    error.retry_after_ms = told.retry_after_ms;
    error.message = sdk::str(told.message);
    error.code = sdk::str(told.code);
    error.param = sdk::str(told.param);
    settle_text();
    emit_.fail(error);
}

void Decoder::garbage(std::string_view what) {
    settle_text();
    emit_.fail(PARLEY_E_UPSTREAM_PROTOCOL, "upstream: " + std::string(what));
}

std::string_view Decoder::plain(const JsonString& s) {
    if (!s.escaped) return s.raw;
    scratch_.clear();
    sdk::json_unescape(s.raw, scratch_);
    return scratch_;
}

bool says_error(std::string_view value) {
    return !value.empty() && value != "null" && value != "false" && value != "\"\"" &&
           value != "{}";
}

}  // namespace parley::openai
