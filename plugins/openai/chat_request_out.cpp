// chat_request_out.cpp: a canonical request for an upstream that speaks openai-chat.
//
// Messages come first in the body and depend on nothing behind them: with one more turn the same
// bytes come first.
#include "ask_out.hpp"
#include "details.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/extras.hpp"
#include "parts_out.hpp"
#include "reply_in.hpp"
#include "reply_out.hpp"
#include "requests.hpp"
#include "tools_out.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonWriter;
using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kDialect = "openai-chat";

class ChatRequestWriter {
public:
    ChatRequestWriter(Crossing& to, sdk::Out& out)
        : to_(to), r_(to.request), body_(to.request, out), w_(body_.json) {}

    void write() {
        w_.begin_object().key("model").string(to_.model).key("messages").begin_array();
        for (uint64_t i = 0; i < r_.instruction_count; ++i) system(*r_.instructions[i]);
        if (const std::string prompt = format_prompt(to_); !prompt.empty()) {
            begin_message("system");
            w_.key("content").string(prompt).end_object();
            if (r_.format->kind == PARLEY_FORMAT_JSON_SCHEMA) {
                to_.warn(PARLEY_WARNING_JSON_MODE_PROMPTED);
            }
        }
        for (uint64_t i = 0; i < r_.message_count; ++i) message(*r_.messages[i]);
        w_.end_array();
        write_tools(body_, to_, Form::chat);
        write_asks();
        sdk::write_extras(w_, r_, kDialect);
        w_.end_object();
        body_.flush();
    }

private:
    // ---- messages ----

    JsonWriter& begin_message(std::string_view role) {
        return w_.begin_object().key("role").string(role);
    }

    std::string_view system_role(uint32_t role) const {
        const bool developer =
            role == PARLEY_ROLE_DEVELOPER && to_.traits.flag("developer_role", false);
        return developer ? "developer" : "system";
    }

    void system(const parley_part& part) {
        begin_message(system_role(part.role)).key("content");
        if (is_object(part)) {
            w_.begin_array();
            write_part(part);
            w_.end_array();
        } else {
            w_.string(view(part.text));
        }
        w_.end_object();
    }

    void message(const parley_message& m) {
        switch (m.role) {
            case PARLEY_ROLE_SYSTEM:
            case PARLEY_ROLE_DEVELOPER:
                begin_message(system_role(m.role));
                write_content(m);
                end_message(m);
                break;
            case PARLEY_ROLE_ASSISTANT:
                assistant(m);
                break;
            case PARLEY_ROLE_TOOL:
                results(m);
                break;
            case PARLEY_ROLE_USER:
                begin_message("user");
                if (m.name.len != 0 && to_.is_native()) w_.key("name").string(view(m.name));
                write_content(m);
                end_message(m);
                break;
            default:
                break;
        }
    }

    void end_message(const parley_message& m) {
        sdk::write_extras(w_, m, kDialect);
        w_.end_object();
    }

    // A text with something to say beside it.
    bool is_object(const parley_part& part) const {
        return marks(part) || sdk::has_extras(part, kDialect);
    }

    // Only some models take breakpoints; the others cache on their own.
    bool marks(const parley_part& part) const {
        return part.cache != 0 && to_.traits.flag("cache_breakpoints", false);
    }

    // One text is written as such: all servers take that.
    void write_content(const parley_message& m) {
        w_.key("content");
        std::string room;
        bool all_text = true;
        bool says_something = false;
        for (uint64_t i = 0; i < m.part_count; ++i) {
            const parley_part& part = *m.parts[i];
            room.clear();
            const bool is_text = text_of(part, room).has_value();
            all_text = is_text && all_text && !is_object(part);
            says_something = is_text || part.media != nullptr || says_something;
        }
        // A list without elements is refused.
        if (!says_something) {
            for (uint64_t i = 0; i < m.part_count; ++i) drop(*m.parts[i]);
            w_.string("");
            return;
        }
        if (all_text && m.part_count == 1) {
            room.clear();
            w_.string(*text_of(*m.parts[0], room));
            return;
        }
        if (all_text && !to_.traits.flag("content_parts_ok", true)) {
            w_.string(joined(m));
            return;
        }
        w_.begin_array();
        for (uint64_t i = 0; i < m.part_count; ++i) write_part(*m.parts[i]);
        w_.end_array();
    }

    static std::string joined(const parley_message& m) {
        std::string text;
        for (uint64_t i = 0; i < m.part_count; ++i) {
            if (!text.empty()) text += "\n\n";
            text_form(*m.parts[i], text);
        }
        return text;
    }

    void drop(const parley_part& part) {
        to_.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
    }

    void write_part(const parley_part& part) {
        std::string room;
        const auto text = text_of(part, room);
        if (!text) {
            if (part.media != nullptr) {
                write_chat_media(body_, part);
            } else {
                drop(part);
            }
            return;
        }
        w_.begin_object().key("type");
        w_.string(part.kind == PARLEY_PART_REFUSAL ? "refusal" : "text");
        w_.key(part.kind == PARLEY_PART_REFUSAL ? "refusal" : "text").string(*text);
        if (marks(part)) {
            w_.key("prompt_cache_breakpoint").begin_object().key("mode").string("explicit");
            w_.end_object();
        }
        sdk::write_extras(w_, part, kDialect);
        w_.end_object();
    }

    // ---- the model's own turns ----

    void assistant(const parley_message& m) {
        std::vector<const parley_part*> said;
        std::vector<const parley_part*> calls;
        std::string reasoning;
        std::string details;
        for (uint64_t i = 0; i < m.part_count; ++i) {
            const parley_part& part = *m.parts[i];
            if (part.kind == PARLEY_PART_TOOL_CALL) {
                calls.push_back(&part);
            } else if (part.kind == PARLEY_PART_REASONING) {
                if (!add_details(part, details)) add_reasoning(*part.reasoning, reasoning);
            } else if (const parley_part* told = told_as_text(part); told != nullptr) {
                said.push_back(told);
            }
        }
        if (said.empty() && calls.empty()) return;
        begin_message("assistant");
        if (m.name.len != 0 && to_.is_native()) w_.key("name").string(view(m.name));
        write_said(said);
        if (!reasoning.empty() && to_.traits.flag("emit_reasoning", false)) {
            w_.key("reasoning_content").string(reasoning);
        }
        if (!details.empty()) w_.key("reasoning_details").raw('[' + details + ']');
        if (!calls.empty()) {
            w_.key("tool_calls").begin_array();
            for (const parley_part* call : calls) write_call(*call);
            w_.end_array();
        }
        end_message(m);
    }

    // Reasoning that its own place wants back as it told it; false where it is none.
    bool add_details(const parley_part& part, std::string& out) const {
        const parley_seal* seal = part.seal;
        if (seal == nullptr || view(seal->family) != kDetailsFamily) return false;
        if (seal->model.len != 0 && view(seal->model) != to_.model) return false;
        const std::string_view blocks = view(seal->data);
        if (!blocks.starts_with('[') || blocks.size() <= 2) return false;
        if (!out.empty()) out += ',';
        out += blocks.substr(1, blocks.size() - 2);
        return true;
    }

    static void add_reasoning(const parley_reasoning& reasoning, std::string& out) {
        for (uint64_t i = 0; i < reasoning.section_count; ++i) {
            if (!out.empty()) out += "\n\n";
            out += view(reasoning.sections[i]->text);
        }
    }

    // Null for what cannot be said here.
    const parley_part* told_as_text(const parley_part& part) {
        if (part.kind == PARLEY_PART_TEXT || part.kind == PARLEY_PART_REFUSAL) return &part;
        if (part.kind == PARLEY_PART_SERVER_ITEM) {
            const parley_server_item& item = *part.server_item;
            if (view(item.tool) == "compaction") {
                Crossing::reject(view(part.origin), "only its own provider can read this item");
            }
            to_.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
            return item.summary.len == 0 ? nullptr : &to_.text_part(item.summary);
        }
        to_.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
        return nullptr;
    }

    void write_said(const std::vector<const parley_part*>& said) {
        const bool refused_only = said.size() == 1 && said[0]->kind == PARLEY_PART_REFUSAL;
        w_.key("content");
        if (said.empty() || refused_only) {
            to_.traits.flag("null_content_ok", true) ? w_.null() : w_.string("");
            if (refused_only) w_.key("refusal").string(view(said[0]->text));
            return;
        }
        const bool needs_list = said.size() > 1 || is_object(*said[0]);
        if (needs_list && to_.traits.flag("content_parts_ok", true)) {
            w_.begin_array();
            for (const parley_part* part : said) write_part(*part);
            w_.end_array();
            return;
        }
        std::string text;
        for (const parley_part* part : said) text += view(part->text);
        w_.string(text);
    }

    void write_call(const parley_part& part) {
        const parley_tool_call& call = *part.tool_call;
        const bool custom = call.kind == PARLEY_TOOL_CALL_CUSTOM;
        const bool native = custom && has_custom_tools(to_);
        const std::string_view kind = native ? "custom" : "function";
        w_.begin_object().key("id").string(wire_call_id(view(call.id)));
        w_.key("type").string(kind).key(kind).begin_object();
        w_.key("name").string(to_.names.wire(view(call.name_space), view(call.name)));
        w_.key(native ? "input" : "arguments");
        if (custom && !native) {
            w_.string(sdk::custom_tool_arguments(view(call.arguments)));
        } else {
            w_.string(view(call.arguments));
        }
        w_.end_object();
        if (part.seal != nullptr && view(part.seal->family) == to_.traits.text("seal_family")) {
            w_.key("extra_content").begin_object().key("google").begin_object();
            w_.key("thought_signature").string(view(part.seal->data)).end_object().end_object();
        }
        sdk::write_extras(w_, part, kDialect);
        w_.end_object();
    }

    // ---- results ----

    // Results take text alone; what else a tool gave follows behind the last of them.
    void results(const parley_message& m) {
        const bool takes_images = to_.traits.flag("tool_images_ok", false);
        bool has_more = false;
        for (uint64_t i = 0; i < m.part_count; ++i) {
            const parley_tool_result& result = *m.parts[i]->tool_result;
            begin_message("tool").key("tool_call_id").string(wire_call_id(view(result.call_id)));
            w_.key("content");
            if (takes_images && has_media(result)) {
                write_parts(result);
            } else {
                std::string text = result_text(result);
                mark_error(result, text);
                w_.string(text);
                has_more = has_more || has_media(result);
            }
            sdk::write_extras(w_, *m.parts[i], kDialect);
            w_.end_object();
        }
        if (has_more) move_media(m);
    }

    static bool is_media(const parley_part& part) {
        std::string ignored;
        return part.media != nullptr && !text_form(part, ignored);
    }

    static bool has_media(const parley_tool_result& result) {
        for (uint64_t i = 0; i < result.part_count; ++i) {
            if (is_media(*result.parts[i])) return true;
        }
        return false;
    }

    void write_parts(const parley_tool_result& result) {
        w_.begin_array();
        for (uint64_t i = 0; i < result.part_count; ++i) write_part(*result.parts[i]);
        w_.end_array();
    }

    void move_media(const parley_message& m) {
        to_.warn(PARLEY_WARNING_TOOL_IMAGE_MOVED);
        begin_message("user").key("content").begin_array();
        for (uint64_t i = 0; i < m.part_count; ++i) {
            const parley_tool_result& result = *m.parts[i]->tool_result;
            if (!has_media(result)) continue;
            w_.begin_object().key("type").string("text").key("text");
            w_.string("Attached output of tool call " + wire_call_id(view(result.call_id)) + ":");
            w_.end_object();
            for (uint64_t p = 0; p < result.part_count; ++p) {
                if (is_media(*result.parts[p])) write_part(*result.parts[p]);
            }
        }
        w_.end_array().end_object();
    }

    // ---- what is asked besides ----

    void write_asks() {
        const std::string_view effort = effort_for(to_);
        // None is how Messages has a cache filled; one token fills it here.
        const parley_number limit = output_limit(to_, 1);
        if (limit.text.len != 0) {
            w_.key(to_.traits.text("max_tokens_name", "max_completion_tokens"));
            w_.raw(view(limit.text));
        }
        write_sampling(body_, to_, effort, true);
        if (!effort.empty()) w_.key("reasoning_effort").string(effort);
        write_toggle();
        write_stops();
        if (r_.choices.text.len != 0) w_.key("n").raw(view(r_.choices.text));
        write_logprobs(effort);
        if (r_.format != nullptr) {
            w_.key("response_format");
            write_format(body_, to_, true);
        }
        if (r_.verbosity != 0) w_.key("verbosity").string(word_of(r_.verbosity, kVerbosities));
        write_common(body_, to_, true);
        if (r_.previous != nullptr && r_.previous->store != 0 && to_.comes_from("openai-chat")) {
            w_.key("store").boolean(r_.previous->store == PARLEY_SAYS_YES);
        }
        write_own();
        write_stream();
    }

    // Places where thinking is on or off, under names of their own.
    void write_toggle() {
        const parley_reasoning_ask* ask = r_.reasoning;
        const bool toggles = to_.traits.text("reasoning") == "toggle";
        if (!toggles || ask == nullptr || ask->mode == 0) return;
        const bool none = ask->mode == PARLEY_THINK_BUDGET && ask->budget.value == 0;
        const bool thinks = ask->mode != PARLEY_THINK_OFF && !none;
        const std::string name = to_.traits.text("toggle_name", "enable_thinking");
        const std::string group = to_.traits.text("toggle_group");
        if (!group.empty()) w_.key(group).begin_object();
        w_.key(name).boolean(thinks);
        if (!group.empty()) w_.end_object();
        if (ask->mode == PARLEY_THINK_BUDGET && ask->budget.value > 0) {
            w_.key("thinking_budget").raw(view(ask->budget.text));
        }
    }

    // The decoder watches for those that find no place.
    void write_stops() {
        if (r_.stop_count == 0) return;
        w_.key("stop").begin_array();
        for (uint64_t i = 0; i < std::min<uint64_t>(r_.stop_count, kChatStopsMax); ++i) {
            w_.string(view(r_.stop[i]));
        }
        w_.end_array();
    }

    void write_logprobs(std::string_view effort) {
        if (r_.logprobs != PARLEY_SAYS_YES) {
            if (r_.logprobs != 0) w_.key("logprobs").boolean(false);
            return;
        }
        if (!to_.traits.flag("sampling_ok", true) && !draws_unthinking(to_, effort)) {
            to_.warn(PARLEY_WARNING_SAMPLING_DROPPED, "logprobs");
            return;
        }
        w_.key("logprobs").boolean(true);
        if (r_.top_logprobs.text.len != 0) w_.key("top_logprobs").raw(view(r_.top_logprobs.text));
    }

    // What only a client of this dialect can ask.
    void write_own() {
        if (!to_.comes_from("openai-chat")) return;
        if ((r_.modalities & PARLEY_MODALITY_AUDIO) != 0) {
            w_.key("modalities").begin_array();
            if ((r_.modalities & PARLEY_MODALITY_TEXT) != 0) w_.string("text");
            w_.string("audio").end_array();
        }
        if (r_.audio_out.len != 0) w_.key("audio").raw(view(r_.audio_out));
        if (r_.prediction.len != 0) w_.key("prediction").raw(view(r_.prediction));
    }

    void write_stream() {
        if ((r_.flags & PARLEY_REQUEST_STREAM) == 0) return;
        w_.key("stream").boolean(true);
        if (!to_.traits.flag("include_usage_ok", true)) return;
        w_.key("stream_options").begin_object().key("include_usage").boolean(true).end_object();
    }

    Crossing& to_;
    const parley_request& r_;
    Body body_;
    JsonWriter& w_;
};

}  // namespace

void write_chat_request(const parley_request& request,
                        const parley_target& target,
                        sdk::Arena& arena,
                        parley_encoded_request& head,
                        sdk::Out& out) {
    if (request.operation == PARLEY_OPERATION_COUNT_TOKENS) {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED, "this dialect does not count tokens");
    }
    Crossing to(request, target, arena, kChatNames);
    refuse_foreign(to, true);
    ChatRequestWriter(to, out).write();
    to.finish("/v1/chat/completions", head);
}

}  // namespace parley::openai
