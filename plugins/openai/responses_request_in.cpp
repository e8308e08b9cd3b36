// responses_request_in.cpp: a Responses client's request in canonical form.
#include "ask_in.hpp"
#include "requests.hpp"
#include "responses_items_in.hpp"
#include "tools_in.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::read_number;
using sdk::read_text;
using sdk::view;

namespace {

class ResponsesRequestReader {
public:
    ResponsesRequestReader(const parley_call& call, sdk::Arena& arena)
        : draft_(arena, "openai-responses", call), asked_(draft_), body_(view(call.http->body)) {}

    const parley_request* read() {
        draft_.request.flags |= PARLEY_REQUEST_STREAM_USAGE;
        JsonReader r(body_);
        JsonString key;
        if (r.peek() != '{' || !r.enter_object()) {
            invalid_request("body: a JSON object was expected", "", "invalid_type");
        }
        while (r.next_key(key)) {
            if (key.raw == "input") {
                if (!r.read_null()) read_input(r, draft_);
            } else if (key.raw == "instructions") {
                instruct(r);
            } else if (!asked_.read(key, r) && !read_shape(key, r) && !read_state(key, r)) {
                asked_.keep_extra(key, r);
            }
        }
        if (r.failed() || !r.at_end()) {
            invalid_request("body: malformed JSON at byte " + std::to_string(r.at()), "", "");
        }
        asked_.finish();
        return draft_.finish();
    }

private:
    void instruct(JsonReader& r) {
        if (r.peek() == '"') {
            const parley_str text = read_text(draft_.arena(), r);
            draft_.instruct(draft_.text_part(text, "instructions"), PARLEY_ROLE_SYSTEM);
        } else {
            r.skip();
        }
    }

    bool read_shape(const JsonString& key, JsonReader& r) {
        parley_request& request = draft_.request;
        if (key.raw == "max_output_tokens") {
            request.max_output_tokens = read_number(r);
        } else if (key.raw == "max_tool_calls") {
            request.max_tool_calls = read_number(r);
        } else if (key.raw == "reasoning") {
            read_reasoning(r);
        } else if (key.raw == "text") {
            read_text_options(r);
        } else if (key.raw == "tools") {
            read_tools(r, draft_);
        } else if (key.raw == "tool_choice") {
            read_tool_choice(r, draft_);
        } else if (key.raw == "include") {
            read_include(r);
        } else {
            return false;
        }
        return true;
    }

    void read_reasoning(JsonReader& r) {
        if (r.peek() != '{') {
            r.skip();
            return;
        }
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "effort") {
                asked_.read_effort(r);
            } else if (key.raw == "summary" || key.raw == "generate_summary") {
                asked_.read_summary(r);
            } else {
                r.skip();
            }
        }
    }

    void read_text_options(JsonReader& r) {
        if (r.peek() != '{') {
            r.skip();
            return;
        }
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "format") {
                asked_.read_format(r, false);
            } else if (key.raw == "verbosity") {
                asked_.read_verbosity(r);
            } else {
                r.skip();
            }
        }
    }

    void read_include(JsonReader& r) {
        if (r.peek() != '[') {
            r.skip();
            return;
        }
        r.enter_array();
        while (r.next_item()) {
            const parley_str what = read_text(draft_.arena(), r);
            if (view(what) == "reasoning.encrypted_content") {
                asked_.reasoning().include_encrypted = 1;
            } else if (view(what) == "message.output_text.logprobs") {
                draft_.request.logprobs = PARLEY_SAYS_YES;
            }
        }
    }

    // What the provider keeps between requests, or does on its own.
    bool read_state(const JsonString& key, JsonReader& r) {
        parley_request& request = draft_.request;
        if (key.raw == "previous_response_id") {
            const parley_str id = read_text(draft_.arena(), r);
            if (id.len != 0) asked_.previous().response_id = id;
        } else if (key.raw == "conversation") {
            const parley_str conversation = read_value(r);
            if (conversation.len != 0) asked_.previous().conversation = conversation;
        } else if (key.raw == "background") {
            const parley_str background = read_value(r);
            if (view(background) == "true") request.background = background;
        } else if (key.raw == "prompt") {
            request.prompt_template = read_value(r);
        } else if (key.raw == "truncation") {
            request.truncation = read_value(r);
        } else if (key.raw == "context_management") {
            request.context_management = read_value(r);
        } else {
            return false;
        }
        return true;
    }

    sdk::RequestDraft draft_;
    Asked asked_;
    std::string_view body_;
};

}  // namespace

const parley_request* read_responses_request(const parley_call& call, sdk::Arena& arena) {
    return ResponsesRequestReader(call, arena).read();
}

}  // namespace parley::openai
