// chat_chunk.hpp: what a chunk of a chat stream, or a whole chat reply, says, where it stands.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "parley/sdk/json.hpp"

namespace parley::openai {

// The members of a chunk that matter; raw JSON, empty when absent.
struct Chunk {
    sdk::JsonString id;
    sdk::JsonString model;
    std::string_view choices;
    std::string_view usage;
    std::string_view error;
    std::string_view data;  // one vendor wraps a body into {"success":true,"data":{…}}
    sdk::JsonString service_tier;
    sdk::JsonString fingerprint;
    uint64_t created_s = 0;
    bool sound = false;
};

// The members of a delta, or of a whole message, in the order that they have in a reply.
struct Delta {
    std::string_view details;  // the same as reasoning, and what goes back with it
    std::string_view reasoning;
    std::string_view content;
    std::string_view refusal;
    std::string_view annotations;
    std::string_view images;
    std::string_view audio;
    std::string_view tool_calls;
    std::string_view function_call;
    std::string_view logprobs;
};

// One element of choices.
struct Choice {
    uint64_t index = 0;
    sdk::JsonString reason;
    Delta delta;
    std::string_view usage;
    bool is_text = false;  // of a legacy completion
};

// One element of tool_calls.
struct CallDelta {
    std::optional<int64_t> index;
    sdk::JsonString id;
    sdk::JsonString name;
    std::string_view arguments;  // raw JSON: a string, or an object by mistake
    std::string_view signature;  // raw JSON string
    bool custom = false;
};

struct UrlCitation {
    sdk::JsonString url;
    sdk::JsonString title;
    uint64_t start = 0;
    uint64_t end = 0;
};

// Calls `each(sdk::JsonReader&)` with each object of an array, which it reads or skips.
template <class Each>
void each_object(std::string_view list, Each&& each) {
    sdk::JsonReader r(list);
    if (r.peek() != '[' || !r.enter_array()) return;
    while (r.next_item()) {
        if (r.peek() == '{') {
            each(r);
        } else {
            r.skip();
        }
    }
}

// As far as it goes: `sound` tells whether all of it was a JSON object.
Chunk read_chunk(std::string_view json);

// The next value is the object.
Choice read_choice(sdk::JsonReader& r);
void read_delta(sdk::JsonReader& r, Delta& d);
CallDelta read_call(sdk::JsonReader& r);
UrlCitation read_citation(sdk::JsonReader& r);
// {"name":…,"arguments":…} or {"name":…,"input":…}
void read_function(sdk::JsonReader& r, CallDelta& d);

// Pictures that a model made, as several places tell them:
// [{"type":"image_url","image_url":{"url":"data:image/png;base64,…"}}]
std::vector<sdk::JsonString> read_image_urls(std::string_view images);

// Of {"content":…,"refusal":[…]}, the tokens of the refusal; empty when there are none.
std::string_view refused_tokens(std::string_view logprobs);

// Of a legacy completion, {"tokens":[…],"token_logprobs":[…],"top_logprobs":[…]}, in the words of a
// chat; anything else as it is.
std::string_view chat_logprobs(std::string_view logprobs, std::string& scratch);

// PARLEY_FINISH_* by the reason that a choice finished for.
uint32_t finish_of(std::string_view reason);

// The next value, raw; empty when it is null.
std::string_view read_raw(sdk::JsonReader& r);

// The next value when it is a string; passes over it either way.
void read_string(sdk::JsonReader& r, sdk::JsonString& out);

}  // namespace parley::openai
