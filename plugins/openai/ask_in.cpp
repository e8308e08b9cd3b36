#include "ask_in.hpp"

#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::read_number;
using sdk::read_says;
using sdk::read_text;
using sdk::view;

void invalid_request(const std::string& message, const std::string& param, const char* code) {
    throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT, message, param, code);
}

parley_str read_object(JsonReader& r) {
    const bool object = r.peek() == '{';
    const std::string_view raw = r.raw();
    return object ? sdk::str(raw) : parley_str{};
}

parley_str read_value(JsonReader& r) {
    const std::string_view raw = r.raw();
    return raw == "null" ? parley_str{} : sdk::str(raw);
}

bool Asked::read(const JsonString& key, JsonReader& r) {
    parley_request& request = draft_.request;
    if (key.raw == "model") {
        request.model = read_text(arena_, r);
    } else if (key.raw == "stream") {
        if (read_says(r) == PARLEY_SAYS_YES) request.flags |= PARLEY_REQUEST_STREAM;
    } else if (key.raw == "temperature") {
        const parley_number n = read_number(r);
        if (n.text.len != 0) sampling().temperature = n;
    } else if (key.raw == "top_p") {
        const parley_number n = read_number(r);
        if (n.text.len != 0) sampling().top_p = n;
    } else if (key.raw == "parallel_tool_calls") {
        request.parallel_tools = read_says(r);
    } else if (key.raw == "store") {
        const uint32_t says = read_says(r);
        if (says != 0) previous().store = says;
    } else if (key.raw == "service_tier") {
        request.service_tier = read_tier(r);
    } else if (key.raw == "top_logprobs") {
        request.top_logprobs = read_number(r);
    } else if (key.raw == "moderation") {
        request.moderation = read_value(r);
    } else {
        return read_identity(key, r) || read_cache(key, r);
    }
    return true;
}

bool Asked::read_identity(const JsonString& key, JsonReader& r) {
    parley_str* place = nullptr;
    if (key.raw != "user" && key.raw != "safety_identifier" && key.raw != "metadata") return false;
    if (r.read_null()) return true;
    if (key.raw == "metadata") {
        identity().metadata = read_object(r);
        return true;
    }
    place = key.raw == "user" ? &identity().user : &identity().safety_identifier;
    *place = read_text(arena_, r);
    return true;
}

bool Asked::read_cache(const JsonString& key, JsonReader& r) {
    if (key.raw == "prompt_cache_key") {
        const parley_str text = read_text(arena_, r);
        if (text.len == 0) return true;
        cache().key = text;
        identity().session = text;
    } else if (key.raw == "prompt_cache_retention") {
        constexpr Word kRetentions[] = {{"24h", PARLEY_CACHE_24H},
                                        {"in_memory", PARLEY_CACHE_MARK}};
        const uint32_t ttl = value_of(view(read_text(arena_, r)), kRetentions);
        if (ttl != 0) cache().ttl = ttl;
    } else {
        return false;
    }
    return true;
}

uint32_t Asked::read_tier(JsonReader& r) {
    return value_of(view(read_text(arena_, r)), kTiers);
}

void Asked::finish() {
    draft_.extras(extras_);
    if (reasoning_ == nullptr) return;
    const bool thinks = reasoning_->mode != 0 && reasoning_->mode != PARLEY_THINK_OFF;
    if (thinks || reasoning_->summary > PARLEY_SUMMARY_NONE) {
        draft_.request.flags |= PARLEY_REQUEST_WANTS_REASONING;
    }
}

void Asked::read_effort(JsonReader& r) {
    const parley_str text = read_text(arena_, r);
    if (view(text) == "none") {
        reasoning().mode = PARLEY_THINK_OFF;
        return;
    }
    const uint32_t effort = value_of(view(text), kEfforts);
    if (effort == 0) return;
    reasoning().mode = PARLEY_THINK_EFFORT;
    reasoning().effort = effort;
}

void Asked::read_summary(JsonReader& r) {
    const uint32_t summary = value_of(view(read_text(arena_, r)), kSummaries);
    if (summary != 0) reasoning().summary = summary;
}

void Asked::read_verbosity(JsonReader& r) {
    draft_.request.verbosity = value_of(view(read_text(arena_, r)), kVerbosities);
}

void Asked::read_format(JsonReader& r, bool nested) {
    if (r.peek() != '{') {
        r.skip();
        return;
    }
    JsonReader f(r.raw());
    auto& format = sdk::make<parley_format>(arena_);
    JsonString key;
    f.enter_object();
    while (f.next_key(key)) {
        if (key.raw == "type") {
            constexpr Word kKinds[] = {{"text", PARLEY_FORMAT_TEXT},
                                       {"json_object", PARLEY_FORMAT_JSON_OBJECT},
                                       {"json_schema", PARLEY_FORMAT_JSON_SCHEMA}};
            format.kind = value_of(view(read_text(arena_, f)), kKinds);
        } else if (nested && key.raw == "json_schema" && f.peek() == '{') {
            JsonReader inner(f.raw());
            inner.enter_object();
            while (inner.next_key(key)) read_schema_member(key, inner, format);
        } else if (!nested) {
            read_schema_member(key, f, format);
        } else {
            f.skip();
        }
    }
    // Any JSON will do.
    const bool is_open = format.kind == PARLEY_FORMAT_JSON_SCHEMA && format.schema.len == 0;
    if (is_open) format.kind = PARLEY_FORMAT_JSON_OBJECT;
    if (format.kind != 0) draft_.request.format = &format;
}

void Asked::read_schema_member(const JsonString& key, JsonReader& r, parley_format& format) {
    if (key.raw == "name") {
        format.name = read_text(arena_, r);
    } else if (key.raw == "description") {
        format.description = read_text(arena_, r);
    } else if (key.raw == "schema") {
        format.schema = read_object(r);
    } else if (key.raw == "strict") {
        format.strict = read_says(r);
    } else {
        r.skip();
    }
}

}  // namespace parley::openai
