#include "chat_chunk.hpp"

#include "parley/event.h"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

// {"google":{"thought_signature":"…"}}
std::string_view read_signature(JsonReader& r) {
    std::string_view found;
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return found;
    }
    while (r.next_key(key)) {
        if (key.raw != "google" || r.peek() != '{' || !r.enter_object()) {
            r.skip();
            continue;
        }
        JsonString inner;
        while (r.next_key(inner)) {
            const std::string_view value = r.raw();
            if (inner.raw == "thought_signature" && value.starts_with('"')) found = value;
        }
    }
    return found;
}

}  // namespace

std::string_view read_raw(JsonReader& r) {
    const std::string_view raw = r.raw();
    return raw == "null" ? std::string_view() : raw;
}

void read_string(JsonReader& r, JsonString& out) {
    if (r.peek() == '"') {
        r.read_string(out);
    } else {
        r.skip();
    }
}

Chunk read_chunk(std::string_view json) {
    Chunk c;
    JsonReader r(json);
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return c;
    while (r.next_key(key)) {
        if (key.raw == "choices") {
            c.choices = read_raw(r);
        } else if (key.raw == "id") {
            read_string(r, c.id);
        } else if (key.raw == "model") {
            read_string(r, c.model);
        } else if (key.raw == "created") {
            r.read_count(c.created_s);
        } else if (key.raw == "usage") {
            c.usage = read_raw(r);
        } else if (key.raw == "error") {
            c.error = read_raw(r);
        } else if (key.raw == "data") {
            c.data = read_raw(r);
        } else if (key.raw == "service_tier") {
            read_string(r, c.service_tier);
        } else if (key.raw == "system_fingerprint") {
            read_string(r, c.fingerprint);
        } else {
            r.skip();
        }
    }
    c.sound = !r.failed() && r.at_end();
    return c;
}

Choice read_choice(JsonReader& r) {
    Choice c;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "index") {
            r.read_count(c.index);
        } else if (key.raw == "finish_reason") {
            read_string(r, c.reason);
        } else if ((key.raw == "delta" || key.raw == "message") && r.peek() == '{') {
            read_delta(r, c.delta);
        } else if (key.raw == "text") {
            // Of a legacy completion.
            c.delta.content = read_raw(r);
            c.is_text = true;
        } else if (key.raw == "logprobs") {
            c.delta.logprobs = read_raw(r);
        } else if (key.raw == "usage" && r.peek() == '{') {
            c.usage = r.raw();
        } else {
            r.skip();
        }
    }
    return c;
}

void read_delta(JsonReader& r, Delta& d) {
    JsonString key;
    std::string_view other_reasoning;
    r.enter_object();
    while (r.next_key(key)) {
        std::string_view* member = key.raw == "content"             ? &d.content
                                   : key.raw == "reasoning_content" ? &d.reasoning
                                   : key.raw == "reasoning"         ? &other_reasoning
                                   : key.raw == "reasoning_details" ? &d.details
                                   : key.raw == "refusal"           ? &d.refusal
                                   : key.raw == "annotations"       ? &d.annotations
                                   : key.raw == "images"            ? &d.images
                                   : key.raw == "audio"             ? &d.audio
                                   : key.raw == "tool_calls"        ? &d.tool_calls
                                   : key.raw == "function_call"     ? &d.function_call
                                                                    : nullptr;
        const std::string_view value = read_raw(r);
        if (member != nullptr && !value.empty()) *member = value;
    }
    // Servers that tell both tell the same twice.
    if (d.reasoning.size() <= 2) d.reasoning = other_reasoning;
}

void read_function(JsonReader& r, CallDelta& d) {
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) {
        r.skip();
        return;
    }
    while (r.next_key(key)) {
        if (key.raw == "name") {
            read_string(r, d.name);
        } else if (key.raw == "arguments" || key.raw == "input") {
            d.arguments = read_raw(r);
        } else {
            r.skip();
        }
    }
}

CallDelta read_call(JsonReader& r) {
    CallDelta d;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "index") {
            constexpr uint64_t kNone = ~uint64_t{0};
            uint64_t index = kNone;
            r.read_count(index);
            if (index < 1u << 20) d.index = static_cast<int64_t>(index);
        } else if (key.raw == "id") {
            read_string(r, d.id);
        } else if (key.raw == "function" || key.raw == "custom") {
            if (r.peek() == '{') d.custom = key.raw == "custom";
            read_function(r, d);
        } else if (key.raw == "extra_content") {
            d.signature = read_signature(r);
        } else {
            r.skip();
        }
    }
    return d;
}

UrlCitation read_citation(JsonReader& r) {
    UrlCitation c;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "url") {
            read_string(r, c.url);
        } else if (key.raw == "title") {
            read_string(r, c.title);
        } else if (key.raw == "start_index") {
            r.read_count(c.start);
        } else if (key.raw == "end_index") {
            r.read_count(c.end);
        } else {
            r.skip();
        }
    }
    return c;
}

std::vector<JsonString> read_image_urls(std::string_view images) {
    std::vector<JsonString> urls;
    JsonReader r(images);
    r.enter_array();
    while (r.next_item()) {
        JsonString key;
        if (r.peek() != '{' || !r.enter_object()) {
            r.skip();
            continue;
        }
        while (r.next_key(key)) {
            if (key.raw != "image_url" || r.peek() != '{' || !r.enter_object()) {
                r.skip();
                continue;
            }
            while (r.next_key(key)) {
                JsonString value;
                read_string(r, value);
                if (key.raw == "url") urls.push_back(value);
            }
        }
    }
    return urls;
}

std::string_view refused_tokens(std::string_view logprobs) {
    JsonReader r(logprobs);
    JsonString key;
    if (logprobs.empty() || r.peek() != '{' || !r.enter_object()) return {};
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "refusal" && value.starts_with('[')) return value;
    }
    return {};
}

namespace {

// The elements of an array, raw.
std::vector<std::string_view> elements(std::string_view array) {
    std::vector<std::string_view> all;
    JsonReader r(array);
    if (array.empty() || r.peek() != '[' || !r.enter_array()) return all;
    while (r.next_item()) all.push_back(r.raw());
    return all;
}

void write_token(sdk::JsonWriter& w, std::string_view token, std::string_view probability) {
    w.begin_object().key("token").raw(token).key("logprob").raw(probability).key("bytes").null();
}

// {"token":logprob} -> [{"token","logprob","bytes"}]
void write_tops(sdk::JsonWriter& w, std::string_view by_token) {
    w.key("top_logprobs").begin_array();
    JsonReader r(by_token);
    JsonString token;
    if (r.peek() == '{' && r.enter_object()) {
        while (r.next_key(token)) {
            write_token(w, '"' + std::string(token.raw) + '"', r.raw());
            w.end_object();
        }
    }
    w.end_array();
}

}  // namespace

std::string_view chat_logprobs(std::string_view logprobs, std::string& scratch) {
    std::vector<std::string_view> tokens;
    std::vector<std::string_view> probabilities;
    std::vector<std::string_view> tops;
    JsonReader r(logprobs);
    JsonString key;
    if (logprobs.empty() || r.peek() != '{' || !r.enter_object()) return logprobs;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "tokens") tokens = elements(value);
        if (key.raw == "token_logprobs") probabilities = elements(value);
        if (key.raw == "top_logprobs") tops = elements(value);
    }
    if (tokens.empty() || tokens.size() != probabilities.size()) return logprobs;
    scratch.clear();
    sdk::JsonWriter w(scratch);
    w.begin_object().key("content").begin_array();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        // The first token of a prompt that is echoed has none.
        write_token(w, tokens[i], probabilities[i]);
        write_tops(w, i < tops.size() ? tops[i] : std::string_view("null"));
        w.end_object();
    }
    w.end_array().end_object();
    return scratch;
}

uint32_t finish_of(std::string_view reason) {
    struct Finish {
        std::string_view name;
        uint32_t kind;
    };

    constexpr Finish kFinishes[] = {
        {"stop", PARLEY_FINISH_STOP},
        {"length", PARLEY_FINISH_LENGTH},
        {"max_tokens", PARLEY_FINISH_LENGTH},
        {"model_length", PARLEY_FINISH_LENGTH},
        {"tool_calls", PARLEY_FINISH_TOOL_CALLS},
        {"function_call", PARLEY_FINISH_TOOL_CALLS},
        {"content_filter", PARLEY_FINISH_CONTENT_FILTER},
    };
    for (const Finish& f : kFinishes) {
        if (f.name == reason) return f.kind;
    }
    return PARLEY_FINISH_STOP;
}

}  // namespace parley::openai
