#include "usage.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

void read(JsonReader& r, parley_usage& usage, uint64_t& counter, uint32_t bit) {
    constexpr uint64_t kNone = ~uint64_t{0};
    uint64_t told = kNone;
    r.read_count(told);
    if (told == kNone) return;
    counter = told;
    usage.known |= bit;
}

void read_details(JsonReader& r, parley_usage& usage) {
    if (r.peek() != '{') {
        r.skip();
        return;
    }
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.equals("cached_tokens")) {
            read(r, usage, usage.input_cache_read, PARLEY_USAGE_CACHE_READ);
        } else if (key.equals("cache_write_tokens")) {
            read(r, usage, usage.input_cache_write, PARLEY_USAGE_CACHE_WRITE);
        } else if (key.equals("reasoning_tokens")) {
            read(r, usage, usage.output_reasoning, PARLEY_USAGE_REASONING);
        } else {
            r.skip();
        }
    }
}

}  // namespace

void read_usage(JsonReader& r, parley_usage& usage) {
    if (r.peek() != '{') {
        r.skip();
        return;
    }
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.equals("prompt_tokens") || key.equals("input_tokens")) {
            read(r, usage, usage.input_total, PARLEY_USAGE_INPUT);
        } else if (key.equals("completion_tokens") || key.equals("output_tokens")) {
            read(r, usage, usage.output_total, PARLEY_USAGE_OUTPUT);
        } else if (key.raw.ends_with("_details")) {
            read_details(r, usage);
        } else if (key.equals("prompt_cache_hit_tokens") || key.equals("cached_tokens")) {
            read(r, usage, usage.input_cache_read, PARLEY_USAGE_CACHE_READ);
        } else {
            r.skip();
        }
    }
}

namespace {

int64_t count(uint64_t value) {
    return static_cast<int64_t>(value);
}

}  // namespace

void write_chat_usage(sdk::JsonWriter& w, const parley_usage& u) {
    w.begin_object().key("prompt_tokens").number(count(u.input_total));
    w.key("completion_tokens").number(count(u.output_total));
    w.key("total_tokens").number(count(u.input_total + u.output_total));
    w.key("prompt_tokens_details").begin_object();
    w.key("cached_tokens").number(count(u.input_cache_read));
    if ((u.known & PARLEY_USAGE_CACHE_WRITE) != 0) {
        w.key("cache_write_tokens").number(count(u.input_cache_write));
    }
    w.end_object().key("completion_tokens_details").begin_object();
    w.key("reasoning_tokens").number(count(u.output_reasoning)).end_object().end_object();
}

void write_responses_usage(sdk::JsonWriter& w, const parley_usage& u) {
    w.begin_object().key("input_tokens").number(count(u.input_total));
    w.key("input_tokens_details").begin_object();
    w.key("cached_tokens").number(count(u.input_cache_read));
    w.key("cache_write_tokens").number(count(u.input_cache_write)).end_object();
    w.key("output_tokens").number(count(u.output_total));
    w.key("output_tokens_details").begin_object();
    w.key("reasoning_tokens").number(count(u.output_reasoning)).end_object();
    w.key("total_tokens").number(count(u.input_total + u.output_total)).end_object();
}

}  // namespace parley::openai
