#include "reply.hpp"

#include <algorithm>

#include "citations.hpp"
#include "finish.hpp"
#include "logprobs.hpp"
#include "names.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/ids.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

ReplyDecoder::ReplyDecoder(const parley_codec_open& open)
    : names_(wire_names(*open.request, *open.target)),
      cutter_(*open.request, kStopsMax),
      is_stream_((open.flags & PARLEY_CODEC_STREAM) != 0) {}

void ReplyDecoder::on_chunk(const Chunk& chunk) {
    start(chunk);
    emitter_.usage(usage_.usage());
    if (!chunk.feedback.empty()) feedback(chunk.feedback);
    JsonReader r(chunk.candidates);
    if (chunk.candidates.empty()) return;
    each_element(r, [&](JsonReader& one) { candidate(one); });
}

bool ReplyDecoder::on_end() {
    const bool is_whole = !is_stream_ && !splitter_.had_array() && had_candidate_;
    // Protocol buffers leave out a reason that is not specified.
    if (finish_kind_ == 0 && is_whole) finish_kind_ = PARLEY_FINISH_STOP;
    if (finish_kind_ == 0) return false;
    flush_call();
    flush_text();
    // Calls that are whole are there to be run, whatever word stands behind them.
    const bool is_odd =
        finish_kind_ == PARLEY_FINISH_MALFORMED_TOOL_CALL || finish_kind_ == PARLEY_FINISH_OTHER;
    if (is_odd && has_whole_call_) finish_kind_ = PARLEY_FINISH_TOOL_CALLS;
    emitter_.finish({finish_kind_, {}, finish_, finish_extra_});
    return emitter_.ended();
}

void ReplyDecoder::feedback(std::string_view json) {
    std::string reason;
    std::string detail;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "blockReason")) {
            reason = read_word(value).text();
        } else if (is(key, "blockReasonMessage")) {
            detail = value.raw();
        } else {
            value.skip();
        }
    });
    if (reason.empty()) return;
    finish_ = reason;
    finish_kind_ = PARLEY_FINISH_CONTENT_FILTER;
    finish_extra_ = detail.empty() ? "" : "{\"detail\":" + detail + "}";
}

void ReplyDecoder::candidate(JsonReader& r) {
    std::string_view parts;
    std::string_view grounding;
    std::string_view citations;
    std::string_view detail;
    std::string_view safety;
    std::string finish;
    uint64_t index = 0;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "content") {
            parts = value.raw();
        } else if (key.raw == "index") {
            value.read_count(index);
        } else if (is(key, "finishReason")) {
            finish = read_finish(value);
        } else if (is(key, "groundingMetadata")) {
            grounding = value.raw();
        } else if (is(key, "citationMetadata")) {
            citations = value.raw();
        } else if (is(key, "logprobsResult")) {
            read_logprobs(value.raw(), logprobs_);
        } else if (is(key, "finishMessage")) {
            detail = value.raw();
        } else if (is(key, "safetyRatings")) {
            safety = value.raw();
        } else {
            value.skip();
        }
    });
    if (index != 0) return;  // one answer is all that the canonical form has
    had_candidate_ = true;
    content(parts);
    if (kind_ == PARLEY_PART_TEXT) {
        emit_grounding(grounding, key_, emitter_);
        emit_citations(citations, key_, emitter_);
    }
    if (finish.empty() || finish == "FINISH_REASON_UNSPECIFIED") return;
    finish_ = finish;
    finish_kind_ = finish_of(finish);
    finish_extra_.clear();
    if (detail.empty() && safety.empty()) return;
    sdk::JsonWriter w(finish_extra_);
    w.begin_object();
    if (!detail.empty()) w.key("detail").raw(detail);
    if (!safety.empty()) {
        std::string ratings;
        compact(safety, ratings);
        w.key("safety").raw(ratings);
    }
    w.end_object();
}

void ReplyDecoder::content(std::string_view json) {
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "parts") {
            each_element(value, [&](JsonReader& one) { part(one.raw()); });
        } else {
            value.skip();
        }
    });
}

void ReplyDecoder::part(std::string_view json) {
    WirePart p;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "text") {
            p.text = read_word(value);
        } else if (key.raw == "thought") {
            p.is_thought = read_flag(value);
        } else if (is(key, "thoughtSignature")) {
            p.signature = read_word(value);
        } else if (is(key, "functionCall")) {
            p.call = value.raw();
        } else if (is(key, "inlineData")) {
            p.media = value.raw();
        } else if (is(key, "fileData")) {
            value.skip();  // nobody fetches what the place keeps
            emitter_.warn(PARLEY_WARNING_FIELD_DROPPED, "fileData");
        } else if (is(key, "executableCode") || is(key, "codeExecutionResult") ||
                   is(key, "toolCall") || is(key, "toolResponse")) {
            p.item_kind = key.raw;
            p.item = value.raw();
        } else {
            value.skip();
        }
    });
    if (!p.call.empty()) {
        call(p);
    } else if (!p.media.empty()) {
        media(p);
    } else if (!p.item.empty()) {
        item(json, p);
    } else if (!p.text.raw.empty() || !p.signature.raw.empty()) {
        text(p);
    }
}

// A signed part is never joined to the one behind it.
void ReplyDecoder::text(const WirePart& p) {
    flush_call();
    const uint32_t kind = p.is_thought ? PARLEY_PART_REASONING : PARLEY_PART_TEXT;
    if (kind_ != kind || is_sealed_) {
        next(kind);
        emitter_.open(key_, kind);
    }
    const std::string_view said = plain(p.text);
    if (p.is_thought) {
        emitter_.reasoning(key_, said, true);
    } else if (cutter_.feed(said, [&](std::string_view t) { say_text(t); })) {
        emitter_.finish({PARLEY_FINISH_STOP_SEQUENCE, cutter_.met()});
        return;
    }
    if (p.signature.raw.empty()) return;
    flush_text();
    emitter_.seal(key_, PARLEY_SEAL_THOUGHT_SIGNATURE, kFamily, p.signature.text());
    is_sealed_ = true;
}

void ReplyDecoder::call(const WirePart& p) {
    Call now;
    std::string_view partial;
    each_member(p.call, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "id") {
            now.id = read_word(value).text();
        } else if (key.raw == "name") {
            now.name = read_word(value).text();
        } else if (key.raw == "args") {
            if (value.peek() != '{') {
                value.skip();
            } else {
                compact(value.raw(), now.args);
            }
        } else if (is(key, "partialArgs")) {
            partial = value.raw();
        } else if (is(key, "willContinue")) {
            now.goes_on = read_flag(value);
        } else {
            value.skip();
        }
    });
    now.signature = p.signature.text();
    const bool continues = has_call_ && call_.goes_on && now.name.empty();
    if (continues) {
        call_.partial.add(partial);
        call_.goes_on = now.goes_on;
        return;
    }
    if (now.name.empty()) {
        emitter_.warn(PARLEY_WARNING_TOOL_CALL_DROPPED);
        return;
    }
    const bool repeats =
        has_call_ && !now.id.empty() && now.id == call_.id && now.name == call_.name;
    if (repeats && now.signature.empty()) now.signature = call_.signature;
    if (!repeats) flush_call();
    close();
    now.is_partial = now.goes_on || !partial.empty();
    now.partial.add(partial);
    call_ = std::move(now);
    has_call_ = true;
}

void ReplyDecoder::flush_call() {
    if (!has_call_) return;
    has_call_ = false;
    std::string args = call_.is_partial ? call_.partial.json() : call_.args;
    if (args.empty()) args = "{}";
    next(PARLEY_PART_TOOL_CALL);
    const std::string id = unique_id(call_);
    const sdk::ToolNames::Tool* tool = names_.find(call_.name);
    const bool custom = tool != nullptr && tool->is_custom;
    const uint32_t kind = custom ? PARLEY_TOOL_CALL_CUSTOM : PARLEY_TOOL_CALL_FUNCTION;
    std::string extra;
    if (tool != nullptr && !tool->name_space.empty()) {
        sdk::JsonWriter w(extra);
        w.begin_object().key("name_space").string(tool->name_space).end_object();
    }
    emitter_.call(key_,
                  {id, tool != nullptr ? tool->name : std::string_view(call_.name), kind, extra});
    emitter_.seal(key_, PARLEY_SEAL_THOUGHT_SIGNATURE, kFamily, call_.signature);
    const auto emit = [&](std::string_view fragment) { emitter_.arguments(key_, fragment); };
    if (custom) {
        sdk::CustomInput input;
        input.feed(args, emit);
        input.end(emit);
    } else {
        emit(args);
    }
    emitter_.end(key_, !call_.goes_on);
    has_whole_call_ = has_whole_call_ || !call_.goes_on;
    kind_ = 0;
}

std::string ReplyDecoder::unique_id(const Call& call) {
    std::string id = call.id.empty() ? sdk::made_call_id(reply_id_, key_, call.name) : call.id;
    const auto is_taken = [&](const std::string& wanted) {
        return std::find(ids_.begin(), ids_.end(), wanted) != ids_.end();
    };
    const std::string base = id;
    for (int n = 2; is_taken(id); ++n) id = base + '~' + std::to_string(n);
    return ids_.emplace_back(id);
}

void ReplyDecoder::media(const WirePart& p) {
    flush_call();
    std::string mime;
    std::string data;
    each_member(p.media, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "mimeType")) {
            mime = read_word(value).text();
        } else if (key.raw == "data") {
            data = read_word(value).text();
        } else {
            value.skip();
        }
    });
    const bool is_audio = mime.starts_with("audio/");
    if (data.empty() || (!is_audio && !mime.starts_with("image/"))) {
        emitter_.warn(PARLEY_WARNING_FIELD_DROPPED, "inlineData");
        return;
    }
    // Speech comes in pieces, pictures whole.
    if (!is_audio || kind_ != PARLEY_PART_AUDIO || mime_ != mime) {
        next(is_audio ? PARLEY_PART_AUDIO : PARLEY_PART_IMAGE);
        emitter_.media(key_, kind_, mime);
    }
    mime_ = mime;
    emitter_.media_delta(key_, mime, data);
}

void ReplyDecoder::item(std::string_view json, const WirePart& p) {
    flush_call();
    std::string id;
    std::string type;
    each_member(p.item, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "id") {
            id = read_word(value).text();
        } else if (is(key, "toolType")) {
            type = read_word(value).text();
        } else {
            value.skip();
        }
    });
    const bool is_code = type.empty() || type == "CODE_EXECUTION";
    const std::string_view tool = is_code                                ? "code_execution"
                                  : type.find("SEARCH_WEB") != type.npos ? "web_search"
                                  : type == "URL_CONTEXT"                ? "web_fetch"
                                  : type == "FILE_SEARCH"                ? "file_search"
                                                                         : "other";
    std::string extra;
    sdk::JsonWriter w(extra);
    std::string raw;
    compact(json, raw);
    w.begin_object().key("dialect").string(kDialectId).key("raw").raw(raw).end_object();
    next(PARLEY_PART_SERVER_ITEM);
    emitter_.item(key_, {id, tool, extra});
    close();
}

uint64_t ReplyDecoder::next(uint32_t kind) {
    close();
    key_ = next_++;
    kind_ = kind;
    is_sealed_ = false;
    return key_;
}

// What was held back as the head of a stop sequence is text.
void ReplyDecoder::flush_text() {
    if (kind_ != PARLEY_PART_TEXT) return;
    cutter_.flush([&](std::string_view t) { say_text(t); });
}

void ReplyDecoder::say_text(std::string_view text) {
    if (logprobs_.empty()) {
        emitter_.text(key_, text);
    } else {
        emitter_.text(key_, text, logprobs_.take());
    }
}

void ReplyDecoder::close() {
    flush_text();
    if (kind_ != 0) emitter_.end(key_);
    kind_ = 0;
}

std::string_view ReplyDecoder::plain(const JsonString& s) {
    if (!s.escaped) return s.raw;
    text_.clear();
    sdk::json_unescape(s.raw, text_);
    return text_;
}

}  // namespace parley::gemini
