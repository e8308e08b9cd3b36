// chat_request_in.cpp: a chat client's request in canonical form.
#include "ask_in.hpp"
#include "chat_messages_in.hpp"
#include "requests.hpp"
#include "tools_in.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::read_number;
using sdk::read_says;
using sdk::read_text;
using sdk::view;

namespace {

class ChatRequestReader {
public:
    ChatRequestReader(const parley_call& call, sdk::Arena& arena)
        : draft_(arena, "openai-chat", call), asked_(draft_), body_(view(call.http->body)) {}

    // What a legacy completion has in place of messages.
    const parley_request* read_completion() {
        JsonReader r(body_);
        JsonString key;
        bool has_prompt = false;
        draft_.request.dialect_version = sdk::str(kTextVersion);
        if (r.peek() != '{' || !r.enter_object()) {
            invalid_request("body: a JSON object was expected", "", "invalid_type");
        }
        while (r.next_key(key)) {
            if (key.raw == "prompt") {
                has_prompt = true;
                prompt(r);
            } else if (key.raw == "logprobs") {
                // How many others are told beside each token.
                draft_.request.top_logprobs = read_number(r);
                if (draft_.request.top_logprobs.text.len != 0) {
                    draft_.request.logprobs = PARLEY_SAYS_YES;
                }
            } else if (key.raw == "suffix" || key.raw == "echo" || key.raw == "best_of") {
                refuse_unless_usual(key.raw, r);
            } else if (!asked_.read(key, r) && !read_sampling(key, r) && !read_shape(key, r)) {
                asked_.keep_extra(key, r);
            }
        }
        if (r.failed() || !r.at_end()) {
            invalid_request("body: malformed JSON at byte " + std::to_string(r.at()), "", "");
        }
        if (!has_prompt) {
            invalid_request("prompt: missing", "prompt", "missing_required_parameter");
        }
        asked_.finish();
        return draft_.finish();
    }

    const parley_request* read() {
        JsonReader r(body_);
        JsonString key;
        bool has_messages = false;
        if (r.peek() != '{' || !r.enter_object()) {
            invalid_request("body: a JSON object was expected", "", "invalid_type");
        }
        while (r.next_key(key)) {
            if (key.raw == "messages") {
                has_messages = true;
                read_chat_messages(r, draft_);
            } else if (!asked_.read(key, r) && !read_sampling(key, r) && !read_shape(key, r) &&
                       !read_tool(key, r)) {
                asked_.keep_extra(key, r);
            }
        }
        if (r.failed() || !r.at_end()) {
            invalid_request("body: malformed JSON at byte " + std::to_string(r.at()), "", "");
        }
        if (!has_messages) {
            invalid_request("messages: missing", "messages", "missing_required_parameter");
        }
        asked_.finish();
        return draft_.finish();
    }

private:
    // One text, or a list of one: each prompt would have an answer of its own. Tokens are numbers
    // of one model.
    void prompt(JsonReader& r) {
        const bool is_list = r.peek() == '[';
        if (is_list && (!r.enter_array() || !r.next_item())) {
            invalid_request("prompt: a text expected", "prompt", "invalid_type");
        }
        if (r.peek() != '"') unsupported("prompt", "prompt: only texts can be completed here");
        draft_.begin(PARLEY_ROLE_USER, "prompt");
        draft_.add(draft_.text_part(read_text(draft_.arena(), r), "prompt"));
        if (is_list && r.next_item())
            unsupported("prompt", "prompt: only one can be answered here");
    }

    static void refuse_unless_usual(std::string_view name, JsonReader& r) {
        const std::string_view value = r.raw();
        const bool is_usual =
            value == "null" || value == "false" || value == "1" || value == "\"\"";
        if (!is_usual) unsupported(name, std::string(name) + ": the model's place cannot do that");
    }

    [[noreturn]] static void unsupported(std::string_view field, const std::string& why) {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED, why, std::string(field), "unsupported_value");
    }

    bool read_sampling(const JsonString& key, JsonReader& r) {
        parley_request& request = draft_.request;
        if (key.raw == "max_completion_tokens") {
            const parley_number n = read_number(r);
            if (n.text.len != 0) request.max_output_tokens = n;
            has_new_limit_ = n.text.len != 0;
        } else if (key.raw == "max_tokens") {
            const parley_number n = read_number(r);
            if (!has_new_limit_ && n.text.len != 0) request.max_output_tokens = n;
        } else if (key.raw == "presence_penalty") {
            number(r, &parley_sampling::presence_penalty);
        } else if (key.raw == "frequency_penalty") {
            number(r, &parley_sampling::frequency_penalty);
        } else if (key.raw == "seed") {
            number(r, &parley_sampling::seed);
        } else if (key.raw == "top_k") {
            number(r, &parley_sampling::top_k);
        } else if (key.raw == "logit_bias") {
            const parley_str bias = read_object(r);
            if (bias.len > 2) asked_.sampling().logit_bias = bias;
        } else if (key.raw == "n") {
            request.choices = read_number(r);
        } else if (key.raw == "logprobs") {
            request.logprobs = read_says(r);
        } else if (key.raw == "stop") {
            read_stop(r);
        } else {
            return false;
        }
        return true;
    }

    void number(JsonReader& r, parley_number parley_sampling::*member) {
        const parley_number n = read_number(r);
        if (n.text.len != 0) asked_.sampling().*member = n;
    }

    void read_stop(JsonReader& r) {
        if (r.peek() != '[') {
            draft_.stop(read_text(draft_.arena(), r));
            return;
        }
        r.enter_array();
        while (r.next_item()) draft_.stop(read_text(draft_.arena(), r));
    }

    bool read_shape(const JsonString& key, JsonReader& r) {
        parley_request& request = draft_.request;
        if (key.raw == "response_format") {
            asked_.read_format(r, true);
        } else if (key.raw == "reasoning_effort") {
            asked_.read_effort(r);
        } else if (key.raw == "verbosity") {
            asked_.read_verbosity(r);
        } else if (key.raw == "stream_options") {
            read_stream_options(r);
        } else if (key.raw == "modalities") {
            read_modalities(r);
        } else if (key.raw == "audio") {
            request.audio_out = read_object(r);
        } else if (key.raw == "prediction") {
            request.prediction = read_value(r);
        } else {
            return false;
        }
        return true;
    }

    void read_stream_options(JsonReader& r) {
        if (r.peek() != '{') {
            r.skip();
            return;
        }
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            const bool usage = key.raw == "include_usage";
            const uint32_t says = read_says(r);
            if (usage && says == PARLEY_SAYS_YES) {
                draft_.request.flags |= PARLEY_REQUEST_STREAM_USAGE;
            }
        }
    }

    void read_modalities(JsonReader& r) {
        constexpr Word kModalities[] = {{"text", PARLEY_MODALITY_TEXT},
                                        {"audio", PARLEY_MODALITY_AUDIO},
                                        {"image", PARLEY_MODALITY_IMAGE}};
        if (r.peek() != '[') {
            r.skip();
            return;
        }
        r.enter_array();
        while (r.next_item()) {
            const parley_str word = read_text(draft_.arena(), r);
            draft_.request.modalities |= value_of(view(word), kModalities);
        }
    }

    bool read_tool(const JsonString& key, JsonReader& r) {
        if (key.raw == "tools") {
            read_tools(r, draft_);
        } else if (key.raw == "functions") {
            read_functions(r, draft_);
        } else if (key.raw == "tool_choice" || key.raw == "function_call") {
            read_tool_choice(r, draft_);
        } else if (key.raw == "web_search_options") {
            read_web_search_options(r, draft_);
        } else {
            return false;
        }
        return true;
    }

    sdk::RequestDraft draft_;
    Asked asked_;
    std::string_view body_;
    bool has_new_limit_ = false;
};

}  // namespace

const parley_request* read_chat_request(const parley_call& call, sdk::Arena& arena) {
    return ChatRequestReader(call, arena).read();
}

const parley_request* read_text_request(const parley_call& call, sdk::Arena& arena) {
    return ChatRequestReader(call, arena).read_completion();
}

}  // namespace parley::openai
