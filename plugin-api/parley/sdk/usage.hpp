// parley/sdk/usage.hpp: counters between dialects, the border's struct and USAGE events.
#pragma once

#include <array>
#include <bit>
#include <optional>
#include <string>

#include "parley/event.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// What the main counters hold among other things. Modalities stand in one order everywhere.
enum class Finer : uint32_t {
    cache_write_5m,  // of input_cache_write, by how long it is kept
    cache_write_1h,
    input_text,  // of input_total, but for what a tool of the provider brought
    input_image,
    input_audio,
    input_video,
    input_document,
    cache_read_text,  // of input_cache_read
    cache_read_image,
    cache_read_audio,
    cache_read_video,
    cache_read_document,
    tool_prompt,  // of input_total: what a tool of the provider brought
    tool_prompt_text,
    tool_prompt_image,
    tool_prompt_audio,
    tool_prompt_video,
    tool_prompt_document,
    output_text,  // of output_total, but for reasoning
    output_image,
    output_audio,
    output_video,
    output_document,
    accepted_prediction,  // of output_total: predicted tokens that came true, and that did not
    rejected_prediction,
    web_searches,  // requests of tools that the provider runs, no tokens
    web_fetches,
};

// Their names in USAGE events.
inline constexpr std::array<std::string_view, 27> kFinerNames{
    "input_cache_write_5m",
    "input_cache_write_1h",
    "input_text",
    "input_image",
    "input_audio",
    "input_video",
    "input_document",
    "input_cache_read_text",
    "input_cache_read_image",
    "input_cache_read_audio",
    "input_cache_read_video",
    "input_cache_read_document",
    "input_tool_prompt",
    "input_tool_prompt_text",
    "input_tool_prompt_image",
    "input_tool_prompt_audio",
    "input_tool_prompt_video",
    "input_tool_prompt_document",
    "output_text",
    "output_image",
    "output_audio",
    "output_video",
    "output_document",
    "output_accepted_prediction",
    "output_rejected_prediction",
    "server_web_searches",
    "server_web_fetches",
};

// The border's counters and the finer ones.
struct Usage : parley_usage {
    Usage() : parley_usage{} { struct_size = sizeof(parley_usage); }

    Usage(const parley_usage& main) : parley_usage(main) {}  // NOLINT: nothing finer is known

    bool knows(Finer counter) const {
        return (finer_known >> static_cast<uint32_t>(counter) & 1u) != 0;
    }

    // 0 when it is not known.
    uint64_t of(Finer counter) const { return finer[static_cast<uint32_t>(counter)]; }

    void tell(Finer counter, uint64_t count) {
        finer[static_cast<uint32_t>(counter)] = count;
        finer_known |= 1u << static_cast<uint32_t>(counter);
    }

    std::array<uint64_t, kFinerNames.size()> finer{};
    uint32_t finer_known = 0;  // a bit for each
};

static_assert(static_cast<uint32_t>(Finer::web_fetches) + 1 == kFinerNames.size());

// Takes over what `later` knows; counters that it does not know stay.
inline void merge_usage(Usage& into, const Usage& later) {
    const auto take = [&](uint32_t bit, uint64_t parley_usage::*counter) {
        if ((later.known & bit) != 0) into.*counter = later.*counter;
    };
    take(PARLEY_USAGE_INPUT, &parley_usage::input_total);
    take(PARLEY_USAGE_CACHE_READ, &parley_usage::input_cache_read);
    take(PARLEY_USAGE_CACHE_WRITE, &parley_usage::input_cache_write);
    take(PARLEY_USAGE_OUTPUT, &parley_usage::output_total);
    take(PARLEY_USAGE_REASONING, &parley_usage::output_reasoning);
    into.known |= later.known;
    for (uint32_t left = later.finer_known; left != 0; left &= left - 1) {
        const auto counter = static_cast<Finer>(std::countr_zero(left));
        into.tell(counter, later.of(counter));
    }
}

// The counters that have no field in a USAGE event, as members of the object that is open.
inline void write_usage_members(JsonWriter& w, const Usage& usage) {
    const auto member = [&](uint32_t bit, std::string_view name, uint64_t value) {
        if ((usage.known & bit) != 0) w.key(name).number(static_cast<int64_t>(value));
    };
    member(PARLEY_USAGE_CACHE_READ, "input_cache_read", usage.input_cache_read);
    member(PARLEY_USAGE_CACHE_WRITE, "input_cache_write", usage.input_cache_write);
    member(PARLEY_USAGE_REASONING, "output_reasoning", usage.output_reasoning);
    for (uint32_t left = usage.finer_known; left != 0; left &= left - 1) {
        const auto counter = static_cast<uint32_t>(std::countr_zero(left));
        w.key(kFinerNames[counter]).number(static_cast<int64_t>(usage.finer[counter]));
    }
}

// The `extra` of a USAGE event; empty when it has no members.
inline std::string usage_extra(const Usage& usage) {
    std::string json;
    JsonWriter w(json);
    w.begin_object();
    write_usage_members(w, usage);
    w.end_object();
    if (json.size() == 2) json.clear();
    return json;
}

// The next value, when it is a count.
inline std::optional<uint64_t> read_count(JsonReader& r) {
    constexpr uint64_t kNone = ~uint64_t{0};
    uint64_t told = kNone;
    r.read_count(told);
    return told == kNone ? std::nullopt : std::optional(told);
}

// One of those members; the next value of `r` is its count. Unknown names are passed over.
inline void read_usage_member(JsonReader& r, std::string_view name, Usage& usage) {
    const std::optional<uint64_t> count = read_count(r);
    if (!count) return;
    const auto take = [&](uint32_t bit, uint64_t& counter) {
        usage.known |= bit;
        counter = *count;
    };
    if (name == "input_cache_read") return take(PARLEY_USAGE_CACHE_READ, usage.input_cache_read);
    if (name == "input_cache_write") return take(PARLEY_USAGE_CACHE_WRITE, usage.input_cache_write);
    if (name == "output_reasoning") return take(PARLEY_USAGE_REASONING, usage.output_reasoning);
    for (uint32_t i = 0; i < kFinerNames.size(); ++i) {
        if (kFinerNames[i] == name) usage.tell(static_cast<Finer>(i), *count);
    }
}

// What a USAGE event tells.
inline Usage usage_of(const parley_event& event) {
    Usage usage;
    usage.known = event.kind;
    usage.input_total = event.a;
    usage.output_total = event.b;
    if (event.extra.len == 0) return usage;
    JsonReader r(view(event.extra));
    JsonString key;
    if (!r.enter_object()) return usage;
    while (r.next_key(key)) read_usage_member(r, key.raw, usage);
    return usage;
}

// input_total without what came from the cache or went into it.
inline uint64_t uncached_input(const parley_usage& usage) {
    const uint64_t cached = usage.input_cache_read + usage.input_cache_write;
    return usage.input_total > cached ? usage.input_total - cached : 0;
}

}  // namespace parley::sdk
