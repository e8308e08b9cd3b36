// responses_stream_out.cpp: events become a Responses reply. A whole reply is the object that the
// last event of the stream would hold.
//
// Some clients take texts and calls from response.output_item.done alone, so every item that began
// gets one, with all of its text; but for an item that an error cut.
#include <utility>

#include "client_calls.hpp"
#include "errors.hpp"
#include "parley/sdk/event_error.hpp"
#include "parley/sdk/usage.hpp"
#include "reply_out.hpp"
#include "responses_message.hpp"

namespace parley::openai {

using sdk::json_quote;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

namespace {

// What a search was about, in the words of whoever ran it: {"input":{"query":…}} or alike.
std::string_view query_of(std::string_view raw) {
    JsonReader r(raw);
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return {};
    std::string_view inner;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "query" && value.starts_with('"')) return value;
        if ((key.raw == "input" || key.raw == "action") && value.starts_with('{')) inner = value;
    }
    return inner.empty() ? inner : query_of(inner);
}

class ResponsesEncoder final : public Encoder {
public:
    explicit ResponsesEncoder(const parley_codec_open& open)
        : request_(*open.request),
          frames_(*open.request, view(open.model)),
          message_(frames_),
          streams_((open.flags & PARLEY_CODEC_STREAM) != 0) {}

    void encode(const parley_event& e, sdk::Out& out) override {
        frames_.text.clear();
        if (call_waits_ && e.type != PARLEY_EVENT_PING) begin_waiting_call(e);
        write(e);
        if (streams_ && !frames_.text.empty()) out.write(frames_.text);
        if (!streams_ && !body_.empty()) out.write(body_);
    }

    bool shows(const parley_event& part) const override {
        switch (part.kind) {
            case PARLEY_PART_AUDIO:
            case PARLEY_PART_VIDEO:
            case PARLEY_PART_DOCUMENT:
                return false;
            case PARLEY_PART_SERVER_ITEM:
                return view(part.name) == "web_search" ||
                       extra_member(part, "dialect") == "\"openai-responses\"";
            default:
                return true;
        }
    }

private:
    void write(const parley_event& e) {
        switch (e.type) {
            case PARLEY_EVENT_RESPONSE_STARTED:
                frames_.start(e);
                break;
            case PARLEY_EVENT_PART_STARTED:
                start_part(e);
                break;
            case PARLEY_EVENT_TEXT_DELTA:
                message_.text(e);
                break;
            case PARLEY_EVENT_REASONING_DELTA:
                say_reasoning(e);
                break;
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
                if (e.text.len != 0) say_arguments(view(e.text));
                break;
            case PARLEY_EVENT_MEDIA_DELTA:
                frames_.part += view(e.text);
                break;
            case PARLEY_EVENT_SEAL:
                if (e.kind == PARLEY_PART_REASONING && is_own_seal(e)) seal_ = view(e.text);
                break;
            case PARLEY_EVENT_CITATION:
                message_.annotate(e);
                break;
            case PARLEY_EVENT_SERVER_UPDATE:
                take_raw(e);
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
                fail(e);
                break;
            case PARLEY_EVENT_PING:
                ping();
                break;
            default:
                break;
        }
    }

    // ---- the reply ----

    void finish(const parley_event& e) {
        message_.close();
        ResponseState state;
        state.status = "completed";
        state.usage = &usage_;
        switch (e.kind) {
            case PARLEY_FINISH_LENGTH:
            case PARLEY_FINISH_CONTEXT_LENGTH:
                state.incomplete_reason = "max_output_tokens";
                break;
            case PARLEY_FINISH_CONTENT_FILTER:
                state.incomplete_reason = "content_filter";
                break;
            case PARLEY_FINISH_REFUSAL:
                if (!message_.refused()) state.incomplete_reason = "content_filter";
                break;
            default:
                break;
        }
        if (!state.incomplete_reason.empty()) state.status = "incomplete";
        state.output = frames_.outputs();
        if (streams_) {
            frames_.response("response." + std::string(state.status), state);
        } else {
            frames_.object().write(body_, state);
        }
    }

    // `error` for SDKs, which throw on it, and response.failed for clients that wait for it.
    void fail(const parley_event& e) {
        const sdk::EventError told(e);
        frames_.begin("error");
        frames_.text += ',';
        write_failure_code(frames_.text, told.error);
        if (told.param.empty()) {
            frames_.raw("param", "null");
        } else {
            frames_.string("param", told.param);
        }
        frames_.raw("error", error_object(told.error));
        frames_.end();
        ResponseState state;
        state.status = "failed";
        state.error = &told.error;
        state.output = frames_.outputs();
        frames_.response("response.failed", state);
    }

    // Idle timers of clients count events; before the first one some SDKs take nothing else.
    void ping() {
        if (!frames_.started()) {
            frames_.text += ": keep-alive\n\n";
            return;
        }
        frames_.begin("keepalive");
        frames_.end();
    }

    // ---- parts ----

    void start_part(const parley_event& e) {
        frames_.part.clear();
        switch (e.kind) {
            case PARLEY_PART_TEXT:
            case PARLEY_PART_REFUSAL:
                message_.start(e);
                break;
            case PARLEY_PART_REASONING:
                message_.close();
                start_reasoning();
                break;
            case PARLEY_PART_TOOL_CALL:
                message_.close();
                custom_ = e.a == PARLEY_TOOL_CALL_CUSTOM;
                call_waits_ = true;
                call_id_ = wire_call_id(view(e.text));
                name_ = view(e.name);
                name_space_ = extra_member(e, "name_space");
                break;
            case PARLEY_PART_SERVER_ITEM:
                message_.close();
                start_server_item(e);
                break;
            case PARLEY_PART_IMAGE:
                message_.close();
                frames_.open_item("ig_", "image_generation_call");
                frames_.item_added(frames_.item + "\"in_progress\",\"result\":null}");
                break;
            default:
                break;
        }
    }

    void end_part(const parley_event& e) {
        const bool complete = (e.flags & PARLEY_EVENT_COMPLETE) != 0;
        switch (e.kind) {
            case PARLEY_PART_TEXT:
            case PARLEY_PART_REFUSAL:
                message_.end(e);
                break;
            case PARLEY_PART_REASONING:
                end_reasoning(complete);
                break;
            case PARLEY_PART_TOOL_CALL:
                end_call(complete);
                break;
            case PARLEY_PART_SERVER_ITEM:
                end_server_item();
                break;
            case PARLEY_PART_IMAGE:
                (frames_.item += frames_.status(complete)) += ",\"result\":\"";
                frames_.item_done((frames_.item += frames_.part) += "\"}");
                break;
            default:
                break;
        }
    }

    // ---- reasoning ----

    void start_reasoning() {
        frames_.open_item("rs_", "reasoning");
        frames_.item_added(frames_.item + "\"in_progress\",\"summary\":[]}");
        seal_.clear();
        sections_.clear();
        sections_count_ = 0;
        in_section_ = false;
    }

    void begin_of_section(std::string_view type) {
        frames_.begin_of_part(type, "summary_index", sections_count_);
    }

    // Clients show summaries, so that is what all reasoning is told as.
    void say_reasoning(const parley_event& e) {
        if (in_section_ && e.a != section_) end_section();
        section_ = e.a;
        if (!in_section_) {
            in_section_ = true;
            begin_of_section("response.reasoning_summary_part.added");
            frames_.raw("part", "{\"type\":\"summary_text\",\"text\":\"\"}");
            frames_.end();
        }
        frames_.part += view(e.text);
        begin_of_section("response.reasoning_summary_text.delta");
        frames_.string("delta", view(e.text));
        frames_.end();
    }

    void end_section() {
        in_section_ = false;
        begin_of_section("response.reasoning_summary_text.done");
        frames_.string("text", frames_.part);
        frames_.end();
        std::string section = "{\"type\":\"summary_text\",\"text\":";
        json_quote(frames_.part, section);
        section += '}';
        begin_of_section("response.reasoning_summary_part.done");
        frames_.raw("part", section);
        frames_.end();
        if (sections_count_++ != 0) sections_ += ',';
        sections_ += section;
        frames_.part.clear();
    }

    void end_reasoning(bool complete) {
        if (in_section_) end_section();
        std::string& item = frames_.item;
        ((item += frames_.status(complete)) += ",\"summary\":[") += sections_;
        item += ']';
        if (!seal_.empty()) {
            item += ",\"encrypted_content\":";
            json_quote(seal_, item);
        }
        frames_.item_done(item += '}');
    }

    // ---- calls ----

    // A seal of the call travels in an item of its own, in front of it.
    void begin_waiting_call(const parley_event& e) {
        call_waits_ = false;
        if (e.type == PARLEY_EVENT_SEAL && is_own_seal(e)) {
            start_reasoning();
            seal_ = view(e.text);
            end_reasoning(true);
        }
        client_ = custom_ ? nullptr : client_call(request_, name_);
        if (client_ == nullptr) begin_call();
    }

    void begin_call() {
        frames_.open_item(custom_ ? "ctc_" : "fc_", custom_ ? "custom_tool_call" : "function_call");
        std::string added = frames_.item + "\"in_progress\"";
        write_call(added, {});
        frames_.item_added(added);
    }

    void write_call(std::string& out, std::string_view input) const {
        out += ",\"call_id\":";
        json_quote(call_id_, out);
        out += ",\"name\":";
        json_quote(name_, out);
        if (!name_space_.empty()) (out += ",\"namespace\":") += name_space_;
        out += custom_ ? ",\"input\":" : ",\"arguments\":";
        json_quote(input, out);
        out += '}';
    }

    void say_arguments(std::string_view fragment) {
        frames_.part += fragment;
        if (client_ != nullptr) return;
        frames_.begin_of_item(custom_ ? "response.custom_tool_call_input.delta"
                                      : "response.function_call_arguments.delta");
        frames_.string("delta", fragment);
        frames_.end();
    }

    // A call that was cut is not said to be done: its item alone tells so.
    void end_call(bool complete) {
        if (client_ != nullptr) {
            if (complete && end_client_call()) return;
            client_ = nullptr;
            const std::string arguments = std::exchange(frames_.part, {});
            begin_call();
            if (!arguments.empty()) say_arguments(arguments);
        }
        if (complete && !custom_ && frames_.part.empty()) say_arguments("{}");
        if (complete) {
            frames_.begin_of_item(custom_ ? "response.custom_tool_call_input.done"
                                          : "response.function_call_arguments.done");
            if (!custom_) frames_.string("name", name_);
            frames_.string(custom_ ? "input" : "arguments", frames_.part);
            frames_.end();
        }
        frames_.item += frames_.status(complete);
        write_call(frames_.item, frames_.part);
        frames_.item_done(frames_.item);
    }

    // What is done with tools that clients of this dialect know has no deltas: it comes whole.
    bool end_client_call() {
        const std::string member = client_call_member(*client_, frames_.part);
        if (member.empty()) return false;
        std::string rest = ",\"call_id\":";
        json_quote(call_id_, rest);
        append_json(rest += ',', member);
        rest += '}';
        frames_.open_item(client_->id_prefix, client_->item);
        frames_.item_added(frames_.item + "\"in_progress\"" + rest);
        frames_.item_done(frames_.item + "\"completed\"" + rest);
        return true;
    }

    // ---- what servers did ----

    // What nobody here has words for is left out.
    void start_server_item(const parley_event& e) {
        frames_.item.clear();
        query_.clear();
        is_search_ = view(e.name) == "web_search";
        take_raw(e);
        if (!frames_.item.empty()) frames_.item_added(frames_.item);
    }

    // In its own words, when they are ours.
    void take_raw(const parley_event& e) {
        const std::string_view raw = extra_member(e, "raw");
        if (extra_member(e, "dialect") != "\"openai-responses\"") {
            if (const auto query = query_of(raw); !query.empty()) query_ = query;
            return;
        }
        if (raw.empty()) return;
        frames_.item.clear();
        append_json(frames_.item, raw);
    }

    void end_server_item() {
        if (!frames_.item.empty()) {
            frames_.item_done(frames_.item);
        } else if (is_search_ && !query_.empty()) {
            tell_search();
        }
    }

    // What another provider searched for; its findings are an item there, and none here.
    void tell_search() {
        const std::string rest = ",\"action\":{\"type\":\"search\",\"query\":" + query_ + "}}";
        frames_.open_item("ws_", "web_search_call");
        frames_.item_added(frames_.item + "\"in_progress\"" + rest);
        for (const std::string_view step : {"in_progress", "searching", "completed"}) {
            frames_.begin_of_item("response.web_search_call." + std::string(step));
            frames_.end();
        }
        frames_.item_done(frames_.item + "\"completed\"" + rest);
    }

    const parley_request& request_;
    ResponseFrames frames_;
    ResponseMessage message_;
    bool streams_;
    std::string body_;  // the whole reply, at its end
    sdk::Usage usage_;

    std::string seal_;
    std::string sections_;  // of the open reasoning item, those that are over
    std::size_t sections_count_ = 0;
    uint64_t section_ = 0;
    bool in_section_ = false;

    bool call_waits_ = false;
    bool custom_ = false;
    std::string call_id_;
    std::string name_;
    std::string name_space_;              // raw JSON
    const ClientCall* client_ = nullptr;  // of the open call

    bool is_search_ = false;
    std::string query_;  // raw JSON
};

}  // namespace

std::unique_ptr<Encoder> make_responses_encoder(const parley_codec_open& open) {
    return std::make_unique<ResponsesEncoder>(open);
}

}  // namespace parley::openai
