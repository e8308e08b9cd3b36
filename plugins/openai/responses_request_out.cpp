// responses_request_out.cpp: a canonical request for an upstream that speaks openai-responses.
//
// Items come first in the body and depend on nothing behind them: with one more turn the same
// bytes come first.
#include <set>
#include <utility>

#include "ask_out.hpp"
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
using sdk::view;

namespace {

constexpr std::string_view kDialect = "openai-responses";

class ResponsesRequestWriter {
public:
    ResponsesRequestWriter(Crossing& to, sdk::Out& out)
        : to_(to), r_(to.request), body_(to.request, out), w_(body_.json) {}

    void write() {
        w_.begin_object().key("model").string(to_.model);
        const bool instructs =
            r_.instruction_count != 0 && r_.instructions[0]->role == PARLEY_ROLE_SYSTEM;
        if (instructs) w_.key("instructions").string(view(r_.instructions[0]->text));
        w_.key("input").begin_array();
        for (uint64_t i = instructs ? 1 : 0; i < r_.instruction_count; ++i) {
            write_text(role_of(r_.instructions[i]->role), view(r_.instructions[i]->text));
        }
        if (const std::string prompt = format_prompt(to_); !prompt.empty()) {
            write_text("developer", prompt);
        }
        for (uint64_t i = 0; i < r_.message_count; ++i) message(*r_.messages[i]);
        w_.end_array();
        write_tools(body_, to_, Form::responses);
        write_asks();
        w_.end_object();
        body_.flush();
    }

private:
    // ---- items ----

    static std::string_view role_of(uint32_t role) {
        return role == PARLEY_ROLE_SYSTEM ? "system" : "developer";
    }

    void write_text(std::string_view role, std::string_view text) {
        begin_message(role);
        w_.begin_object().key("type").string("input_text").key("text").string(text).end_object();
        w_.end_array().end_object();
    }

    void begin_message(std::string_view role) {
        w_.begin_object().key("type").string("message").key("role").string(role);
        w_.key("content").begin_array();
    }

    void message(const parley_message& m) {
        switch (m.role) {
            case PARLEY_ROLE_SYSTEM:
            case PARLEY_ROLE_DEVELOPER:
            case PARLEY_ROLE_USER:
                begin_message(m.role == PARLEY_ROLE_USER ? "user" : role_of(m.role));
                for (uint64_t i = 0; i < m.part_count; ++i) write_part(*m.parts[i]);
                w_.end_array();
                sdk::write_extras(w_, m, kDialect);
                w_.end_object();
                break;
            case PARLEY_ROLE_ASSISTANT:
                assistant(m);
                break;
            case PARLEY_ROLE_TOOL:
                for (uint64_t i = 0; i < m.part_count; ++i) write_result(*m.parts[i]);
                break;
            default:
                break;
        }
    }

    void write_part(const parley_part& part) {
        std::string room;
        if (const auto text = text_of(part, room)) {
            w_.begin_object().key("type").string("input_text").key("text").string(*text);
            if (part.cache != 0 && to_.traits.flag("cache_breakpoints", false)) {
                w_.key("prompt_cache_breakpoint").begin_object().key("mode").string("explicit");
                w_.end_object();
            }
            sdk::write_extras(w_, part, kDialect);
            w_.end_object();
        } else if (part.media != nullptr) {
            write_responses_media(body_, part);
        } else {
            to_.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
        }
    }

    // ---- the model's own turns ----

    // Texts that follow one another are one message; what stands between them are items.
    void assistant(const parley_message& m) {
        bool in_message = false;
        bool said_extras = false;
        const auto close = [&] {
            if (!in_message) return;
            in_message = false;
            w_.end_array();
            const std::string_view phase = word_of(m.phase, kPhases);
            if (!phase.empty()) w_.key("phase").string(phase);
            if (!std::exchange(said_extras, true)) sdk::write_extras(w_, m, kDialect);
            w_.end_object();
        };
        for (uint64_t i = 0; i < m.part_count; ++i) {
            const parley_part& part = *m.parts[i];
            const bool refusal = part.kind == PARLEY_PART_REFUSAL;
            std::string_view text = view(part.text);
            if (part.kind == PARLEY_PART_SERVER_ITEM && !is_own(*part.server_item)) {
                if (view(part.server_item->tool) == "compaction") {
                    Crossing::reject(view(part.origin), "only its own provider can read this item");
                }
                to_.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
                text = view(part.server_item->summary);
                if (text.empty()) continue;
            } else if (!refusal && part.kind != PARLEY_PART_TEXT) {
                close();
                const bool leads = i + 1 < m.part_count;
                write_item(part, leads);
                continue;
            }
            if (!in_message) begin_message("assistant");
            in_message = true;
            w_.begin_object().key("type").string(refusal ? "refusal" : "output_text");
            w_.key(refusal ? "refusal" : "text").string(text);
            sdk::write_extras(w_, part, kDialect);
            w_.end_object();
        }
        close();
    }

    static bool is_own(const parley_server_item& item) {
        return view(item.dialect) == "openai-responses" && item.raw.len != 0;
    }

    void write_item(const parley_part& part, bool leads) {
        if (part.kind == PARLEY_PART_REASONING) {
            // Refused without the item that it led to.
            if (leads) write_reasoning(part);
        } else if (part.kind == PARLEY_PART_TOOL_CALL) {
            write_call(part);
        } else if (part.kind == PARLEY_PART_SERVER_ITEM) {
            w_.raw(view(part.server_item->raw));
        } else {
            to_.warn(PARLEY_WARNING_FIELD_DROPPED, view(part.origin));
        }
    }

    // Only what this family sealed comes back to it; text without its seal is worth nothing.
    void write_reasoning(const parley_part& part) {
        if (part.seal == nullptr || view(part.seal->family) != "openai") return;
        w_.begin_object().key("type").string("reasoning").key("summary").begin_array();
        for (uint64_t i = 0; i < part.reasoning->section_count; ++i) {
            const parley_reasoning_section& section = *part.reasoning->sections[i];
            w_.begin_object().key("type").string("summary_text");
            w_.key("text").string(view(section.text)).end_object();
        }
        w_.end_array().key("encrypted_content").string(view(part.seal->data)).end_object();
    }

    void write_call(const parley_part& part) {
        const parley_tool_call& call = *part.tool_call;
        const bool custom = call.kind == PARLEY_TOOL_CALL_CUSTOM;
        const bool native = custom && has_custom_tools(to_);
        const std::string id = wire_call_id(view(call.id));
        if (native) custom_calls_.insert(id);
        w_.begin_object().key("type").string(native ? "custom_tool_call" : "function_call");
        w_.key("call_id").string(id);
        w_.key("name").string(to_.names.wire(view(call.name_space), view(call.name)));
        if (call.name_space.len != 0) w_.key("namespace").string(view(call.name_space));
        w_.key(native ? "input" : "arguments");
        if (custom && !native) {
            w_.string(sdk::custom_tool_arguments(view(call.arguments)));
        } else {
            w_.string(view(call.arguments));
        }
        sdk::write_extras(w_, part, kDialect);
        w_.end_object();
    }

    void write_result(const parley_part& part) {
        const parley_tool_result& result = *part.tool_result;
        const std::string id = wire_call_id(view(result.call_id));
        const bool custom = custom_calls_.contains(id);
        w_.begin_object();
        w_.key("type").string(custom ? "custom_tool_call_output" : "function_call_output");
        w_.key("call_id").string(id).key("output");
        bool all_text = true;
        for (uint64_t i = 0; i < result.part_count; ++i) {
            std::string ignored;
            all_text = text_form(*result.parts[i], ignored) && all_text;
        }
        if (all_text) {
            std::string text = result_text(result);
            mark_error(result, text);
            w_.string(text);
        } else {
            w_.begin_array();
            for (uint64_t i = 0; i < result.part_count; ++i) write_part(*result.parts[i]);
            w_.end_array();
        }
        sdk::write_extras(w_, part, kDialect);
        w_.end_object();
    }

    // ---- what is asked besides ----

    void write_asks() {
        const std::string_view effort = effort_for(to_);
        write_reasoning_ask(effort);
        write_text_options();
        if (counts()) return;
        const bool keeps = r_.previous != nullptr && r_.previous->store == PARLEY_SAYS_YES;
        write_include(keeps);
        constexpr uint64_t kLeastTokens = 16;
        const parley_number limit = output_limit(to_, kLeastTokens);
        if (limit.text.len != 0) w_.key("max_output_tokens").raw(view(limit.text));
        if (r_.max_tool_calls.text.len != 0) {
            w_.key("max_tool_calls").raw(view(r_.max_tool_calls.text));
        }
        write_sampling(body_, to_, effort, false);
        if (r_.logprobs == PARLEY_SAYS_YES && r_.top_logprobs.text.len != 0) {
            w_.key("top_logprobs").raw(view(r_.top_logprobs.text));
        }
        write_common(body_, to_, false);
        if (keeps || to_.traits.flag("store_ok", true)) w_.key("store").boolean(keeps);
        write_own();
        if ((r_.flags & PARLEY_REQUEST_STREAM) != 0) w_.key("stream").boolean(true);
    }

    bool counts() const { return r_.operation == PARLEY_OPERATION_COUNT_TOKENS; }

    void write_reasoning_ask(std::string_view effort) {
        const bool thinks = to_.traits.text("reasoning", "openai_effort") == "openai_effort";
        const std::string_view summary = thinks ? summary_ask() : std::string_view();
        if (!thinks || (effort.empty() && summary.empty())) return;
        w_.key("reasoning").begin_object();
        if (!effort.empty()) w_.key("effort").string(effort);
        if (!summary.empty()) w_.key("summary").string(summary);
        w_.end_object();
    }

    // Clients of the others see what is thought unless they say otherwise.
    std::string_view summary_ask() {
        const parley_reasoning_ask* ask = r_.reasoning;
        if (ask == nullptr || ask->mode == PARLEY_THINK_OFF) return {};
        const bool unsaid = ask->summary == 0 && !to_.comes_from(kDialect) &&
                            (r_.flags & PARLEY_REQUEST_WANTS_REASONING) != 0;
        const bool said = ask->summary > PARLEY_SUMMARY_NONE;
        if (to_.traits.flag("summary_ok", true)) {
            return unsaid ? "auto" : said ? word_of(ask->summary, kSummaries) : "";
        }
        if (said) to_.warn(PARLEY_WARNING_FIELD_DROPPED, "reasoning.summary");
        return {};
    }

    void write_text_options() {
        if (r_.format == nullptr && r_.verbosity == 0) return;
        w_.key("text").begin_object();
        if (r_.format != nullptr) {
            w_.key("format");
            write_format(body_, to_, false);
        }
        if (r_.verbosity != 0) w_.key("verbosity").string(word_of(r_.verbosity, kVerbosities));
        w_.end_object();
    }

    // Reasoning that the place does not keep has to come with the reply.
    void write_include(bool keeps) {
        const bool thinks = to_.traits.text("reasoning", "openai_effort") == "openai_effort";
        const bool asked = r_.reasoning != nullptr && r_.reasoning->include_encrypted != 0;
        const bool encrypted = thinks && (asked || !keeps);
        const bool logprobs = r_.logprobs == PARLEY_SAYS_YES;
        if (!encrypted && !logprobs) return;
        if (!to_.traits.flag("include_ok", true)) {
            if (logprobs) to_.warn(PARLEY_WARNING_FIELD_DROPPED, "logprobs");
            return;
        }
        w_.key("include").begin_array();
        if (encrypted) w_.string("reasoning.encrypted_content");
        if (logprobs) w_.string("message.output_text.logprobs");
        w_.end_array();
    }

    // What only a client of this dialect can ask.
    void write_own() {
        if (!to_.comes_from("openai-responses")) return;
        if (r_.previous != nullptr && r_.previous->response_id.len != 0) {
            w_.key("previous_response_id").string(view(r_.previous->response_id));
        }
        const auto raw = [&](std::string_view name, parley_str value) {
            if (value.len != 0) w_.key(name).raw(view(value));
        };
        if (r_.previous != nullptr) raw("conversation", r_.previous->conversation);
        raw("background", r_.background);
        raw("prompt", r_.prompt_template);
        raw("truncation", r_.truncation);
        raw("context_management", r_.context_management);
        sdk::write_extras(w_, r_, kDialect);
    }

    Crossing& to_;
    const parley_request& r_;
    Body body_;
    JsonWriter& w_;
    std::set<std::string> custom_calls_;
};

}  // namespace

void write_responses_request(const parley_request& request,
                             const parley_target& target,
                             sdk::Arena& arena,
                             parley_encoded_request& head,
                             sdk::Out& out) {
    if (request.operation == PARLEY_OPERATION_EMBED) {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED, "this dialect makes no vectors");
    }
    Crossing to(request, target, arena, kResponsesNames);
    refuse_foreign(to, false);
    ResponsesRequestWriter(to, out).write();
    const bool counts = request.operation == PARLEY_OPERATION_COUNT_TOKENS;
    to.finish(counts ? "/v1/responses/input_tokens" : "/v1/responses", head);
}

}  // namespace parley::openai
