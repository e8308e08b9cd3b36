// parley/sdk/usage.hpp: counters between dialects, the border's struct and USAGE events.
#pragma once

#include <string>

#include "parley/event.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// Takes over what `later` knows; counters that it does not know stay.
inline void merge_usage(parley_usage& into, const parley_usage& later) {
    const auto take = [&](uint32_t bit, uint64_t parley_usage::*counter) {
        if ((later.known & bit) != 0) into.*counter = later.*counter;
    };
    take(PARLEY_USAGE_INPUT, &parley_usage::input_total);
    take(PARLEY_USAGE_CACHE_READ, &parley_usage::input_cache_read);
    take(PARLEY_USAGE_CACHE_WRITE, &parley_usage::input_cache_write);
    take(PARLEY_USAGE_OUTPUT, &parley_usage::output_total);
    take(PARLEY_USAGE_REASONING, &parley_usage::output_reasoning);
    into.known |= later.known;
}

// The members of a USAGE event's `extra` for `usage`; empty when there are none.
inline std::string usage_extra(const parley_usage& usage) {
    const uint32_t finer =
        PARLEY_USAGE_CACHE_READ | PARLEY_USAGE_CACHE_WRITE | PARLEY_USAGE_REASONING;
    std::string json;
    if ((usage.known & finer) == 0) return json;
    JsonWriter w(json);
    const auto member = [&](uint32_t bit, std::string_view name, uint64_t value) {
        if ((usage.known & bit) != 0) w.key(name).number(static_cast<int64_t>(value));
    };
    w.begin_object();
    member(PARLEY_USAGE_CACHE_READ, "input_cache_read", usage.input_cache_read);
    member(PARLEY_USAGE_CACHE_WRITE, "input_cache_write", usage.input_cache_write);
    member(PARLEY_USAGE_REASONING, "output_reasoning", usage.output_reasoning);
    w.end_object();
    return json;
}

// What a USAGE event tells.
inline parley_usage usage_of(const parley_event& event) {
    parley_usage usage{};
    usage.struct_size = sizeof(usage);
    usage.known = event.kind;
    usage.input_total = event.a;
    usage.output_total = event.b;
    if (event.extra.len == 0) return usage;
    JsonReader r(view(event.extra));
    JsonString key;
    if (!r.enter_object()) return usage;
    while (r.next_key(key)) {
        uint64_t ignored = 0;
        uint64_t* counter = key.raw == "input_cache_read"    ? &usage.input_cache_read
                            : key.raw == "input_cache_write" ? &usage.input_cache_write
                            : key.raw == "output_reasoning"  ? &usage.output_reasoning
                                                             : &ignored;
        r.read_count(*counter);
    }
    return usage;
}

// input_total without what came from the cache or went into it.
inline uint64_t uncached_input(const parley_usage& usage) {
    const uint64_t cached = usage.input_cache_read + usage.input_cache_write;
    return usage.input_total > cached ? usage.input_total - cached : 0;
}

}  // namespace parley::sdk
