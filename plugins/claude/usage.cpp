#include "usage.hpp"

#include "json_text.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

void read_count(JsonReader& r, std::optional<uint64_t>& counter) {
    constexpr uint64_t kNone = ~uint64_t{0};
    uint64_t told = kNone;
    r.read_count(told);
    if (told != kNone) counter = told;
}

}  // namespace

void Counts::read(JsonReader& r) {
    if (r.peek() != '{') {
        r.skip();
        return;
    }
    JsonString key;
    JsonString tier;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "input_tokens") {
            read_count(r, input_);
        } else if (key.raw == "cache_read_input_tokens") {
            read_count(r, cache_read_);
        } else if (key.raw == "cache_creation_input_tokens") {
            read_count(r, cache_write_);
        } else if (key.raw == "output_tokens") {
            read_count(r, output_);
        } else if (key.raw == "output_tokens_details") {
            read_details(r);
        } else if (key.raw == "service_tier" && r.peek() == '"') {
            if (r.read_string(tier)) tier_ = tier.text();
        } else {
            r.skip();
        }
    }
}

void Counts::read_details(JsonReader& r) {
    if (r.peek() != '{') {
        r.skip();
        return;
    }
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "thinking_tokens") {
            read_count(r, thinking_);
        } else {
            r.skip();
        }
    }
}

parley_usage Counts::usage() const {
    parley_usage usage{};
    usage.struct_size = sizeof(usage);
    const auto tell = [&](const std::optional<uint64_t>& from, uint64_t& to, uint32_t bit) {
        if (!from) return;
        to = *from;
        usage.known |= bit;
    };
    tell(input_, usage.input_total, PARLEY_USAGE_INPUT);
    tell(cache_read_, usage.input_cache_read, PARLEY_USAGE_CACHE_READ);
    tell(cache_write_, usage.input_cache_write, PARLEY_USAGE_CACHE_WRITE);
    tell(output_, usage.output_total, PARLEY_USAGE_OUTPUT);
    tell(thinking_, usage.output_reasoning, PARLEY_USAGE_REASONING);
    usage.input_total += usage.input_cache_read + usage.input_cache_write;
    return usage;
}

parley_usage usage_hint(std::string_view extra) {
    parley_usage usage{};
    usage.struct_size = sizeof(usage);
    if (extra.empty()) return usage;
    Members told(Members(extra).take("usage"));
    const auto take = [&](std::string_view key, uint64_t& counter, uint32_t bit) {
        if (!told.has(key)) return;
        counter = told.count(key);
        usage.known |= bit;
    };
    take("input_total", usage.input_total, PARLEY_USAGE_INPUT);
    take("input_cache_read", usage.input_cache_read, PARLEY_USAGE_CACHE_READ);
    take("input_cache_write", usage.input_cache_write, PARLEY_USAGE_CACHE_WRITE);
    take("output_total", usage.output_total, PARLEY_USAGE_OUTPUT);
    take("output_reasoning", usage.output_reasoning, PARLEY_USAGE_REASONING);
    return usage;
}

void write_usage(sdk::JsonWriter& w, const parley_usage& usage, std::string_view tier) {
    const auto number = [&](std::string_view key, uint64_t value) {
        w.key(key).number(static_cast<int64_t>(value));
    };
    w.begin_object();
    if ((usage.known & PARLEY_USAGE_INPUT) != 0) {
        number("input_tokens", sdk::uncached_input(usage));
        number("cache_creation_input_tokens", usage.input_cache_write);
        number("cache_read_input_tokens", usage.input_cache_read);
    }
    number("output_tokens", usage.output_total);
    if ((usage.known & PARLEY_USAGE_REASONING) != 0) {
        w.key("output_tokens_details").begin_object();
        number("thinking_tokens", usage.output_reasoning);
        w.end_object();
    }
    if (!tier.empty()) w.key("service_tier").string(tier);
    w.end_object();
}

}  // namespace parley::claude
