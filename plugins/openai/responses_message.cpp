#include "responses_message.hpp"

#include "parley/sdk/logprobs.hpp"
#include "parley/sdk/plugin.hpp"
#include "reply_out.hpp"

namespace parley::openai {

using sdk::JsonWriter;
using sdk::view;

void ResponseMessage::begin_of_content(std::string_view type) {
    frames_.begin_of_part(type, "content_index", contents_count_);
}

void ResponseMessage::start(const parley_event& e) {
    const std::string_view phase = extra_member(e, "phase");
    if (is_open_ && phase != phase_) close();
    if (!is_open_) {
        is_open_ = is_complete_ = true;
        phase_ = phase;
        contents_.clear();
        contents_count_ = 0;
        frames_.open_item("msg_", "message");
        std::string added = frames_.item;
        added += "\"in_progress\",\"role\":\"assistant\",\"content\":[]";
        if (!phase_.empty()) (added += ",\"phase\":") += phase_;
        frames_.item_added(added += '}');
    }
    is_refusal_ = e.kind == PARLEY_PART_REFUSAL;
    refused_ = refused_ || is_refusal_;
    annotations_.clear();
    annotations_count_ = 0;
    logprobs_.clear();
    begin_of_content("response.content_part.added");
    std::string content;
    write_content(content);
    frames_.raw("part", content);
    frames_.end();
}

void ResponseMessage::write_content(std::string& out) const {
    out +=
        is_refusal_ ? "{\"type\":\"refusal\",\"refusal\":" : "{\"type\":\"output_text\",\"text\":";
    sdk::json_quote(frames_.part, out);
    if (!is_refusal_) {
        (out += ",\"annotations\":[") += annotations_;
        ((out += "],\"logprobs\":[") += logprobs_) += ']';
    }
    out += '}';
}

void ResponseMessage::text(const parley_event& e) {
    frames_.part += view(e.text);
    begin_of_content(is_refusal_ ? "response.refusal.delta" : "response.output_text.delta");
    frames_.string("delta", view(e.text));
    if (!is_refusal_) {
        const std::size_t before = logprobs_.size();
        if (e.extra.len != 0) add_logprobs(e);
        std::string_view fresh = std::string_view(logprobs_).substr(before);
        if (before != 0 && !fresh.empty()) fresh.remove_prefix(1);
        ((frames_.text += ",\"logprobs\":[") += fresh) += ']';
    }
    frames_.end();
}

void ResponseMessage::add_logprobs(const parley_event& e) {
    sdk::each_logprob(view(e.extra), [&](std::string_view token) {
        if (!logprobs_.empty()) logprobs_ += ',';
        append_json(logprobs_, token);
    });
}

void ResponseMessage::annotate(const parley_event& e) {
    if (e.kind != PARLEY_PART_TEXT || e.text.len == 0) return;
    const bool told = (e.flags & PARLEY_EVENT_SPAN_CODEPOINTS) != 0;
    std::string annotation;
    JsonWriter w(annotation);
    const uint64_t end_index = told ? e.b : code_points(frames_.part);
    write_citation(w, {view(e.text), view(e.name), told ? e.a : 0, end_index}, false);
    begin_of_content("response.output_text.annotation.added");
    frames_.number("annotation_index", annotations_count_++);
    frames_.raw("annotation", annotation);
    frames_.end();
    if (!annotations_.empty()) annotations_ += ',';
    annotations_ += annotation;
}

void ResponseMessage::end(const parley_event& e) {
    begin_of_content(is_refusal_ ? "response.refusal.done" : "response.output_text.done");
    frames_.string(is_refusal_ ? "refusal" : "text", frames_.part);
    if (!is_refusal_) ((frames_.text += ",\"logprobs\":[") += logprobs_) += ']';
    frames_.end();
    std::string content;
    write_content(content);
    begin_of_content("response.content_part.done");
    frames_.raw("part", content);
    frames_.end();
    if (contents_count_++ != 0) contents_ += ',';
    contents_ += content;
    is_complete_ = is_complete_ && (e.flags & PARLEY_EVENT_COMPLETE) != 0;
}

void ResponseMessage::close() {
    if (!is_open_) return;
    is_open_ = false;
    std::string& item = frames_.item;
    (item += ResponseFrames::status(is_complete_)) += ",\"role\":\"assistant\",\"content\":[";
    (item += contents_) += ']';
    if (!phase_.empty()) (item += ",\"phase\":") += phase_;
    frames_.item_done(item += '}');
}

}  // namespace parley::openai
