#include "usage.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;

using sdk::Finer;
using sdk::read_count;
using sdk::Usage;

namespace {

// In the order of sdk::Finer.
constexpr std::array<std::string_view, 5> kModalities{
    "TEXT", "IMAGE", "AUDIO", "VIDEO", "DOCUMENT"};

// A list of counters by modality, and where its first one is kept.
struct Details {
    std::string_view name;
    Finer text;
};

constexpr std::array kDetails{Details{"promptTokensDetails", Finer::input_text},
                              Details{"cacheTokensDetails", Finer::cache_read_text},
                              Details{"toolUsePromptTokensDetails", Finer::tool_prompt_text},
                              Details{"candidatesTokensDetails", Finer::output_text}};

Finer counter_of(const Details& details, std::size_t modality) {
    return static_cast<Finer>(static_cast<std::size_t>(details.text) + modality);
}

// [{"modality":"TEXT","tokenCount":31}]
void read_details(JsonReader& r, const Details& details, Usage& usage) {
    each_element(r, [&](JsonReader& one) {
        std::string modality;
        std::optional<uint64_t> count;
        each_member(one, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "modality") {
                modality = read_word(value).text();
            } else if (is(key, "tokenCount")) {
                count = read_count(value);
            } else {
                value.skip();
            }
        });
        for (std::size_t i = 0; i < kModalities.size(); ++i) {
            if (count && kModalities[i] == modality) usage.tell(counter_of(details, i), *count);
        }
    });
}

void write_details(sdk::JsonWriter& w, const Details& details, const Usage& usage) {
    bool any = false;
    for (std::size_t i = 0; i < kModalities.size(); ++i) {
        const Finer counter = counter_of(details, i);
        if (!usage.knows(counter)) continue;
        if (!any) w.key(details.name).begin_array();
        any = true;
        w.begin_object().key("modality").string(kModalities[i]);
        w.key("tokenCount").number(static_cast<int64_t>(usage.of(counter))).end_object();
    }
    if (any) w.end_array();
}

}  // namespace

void UsageCounters::read(JsonReader& r) {
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        Counter* counter = is(key, "promptTokenCount")          ? &prompt_
                           : is(key, "toolUsePromptTokenCount") ? &tool_prompt_
                           : is(key, "cachedContentTokenCount") ? &cached_
                           : is(key, "candidatesTokenCount")    ? &candidates_
                           : is(key, "thoughtsTokenCount")      ? &thoughts_
                                                                : nullptr;
        if (counter != nullptr) {
            const std::optional<uint64_t> told = read_count(value);
            if (told) *counter = {*told, true};
            return;
        }
        for (const Details& details : kDetails) {
            if (is(key, details.name)) return read_details(value, details, finer_);
        }
        value.skip();
    });
}

Usage UsageCounters::usage() const {
    Usage u = finer_;
    u.input_total = prompt_.value + tool_prompt_.value;
    u.input_cache_read = cached_.value;
    u.output_total = candidates_.value + thoughts_.value;
    u.output_reasoning = thoughts_.value;
    if (prompt_.known) u.known |= PARLEY_USAGE_INPUT;
    if (cached_.known) u.known |= PARLEY_USAGE_CACHE_READ;
    if (candidates_.known || thoughts_.known) u.known |= PARLEY_USAGE_OUTPUT;
    if (thoughts_.known) u.known |= PARLEY_USAGE_REASONING;
    if (tool_prompt_.known) u.tell(Finer::tool_prompt, tool_prompt_.value);
    return u;
}

void write_usage(sdk::JsonWriter& w, const Usage& usage) {
    const auto number = [&](std::string_view name, uint64_t value) {
        w.key(name).number(static_cast<int64_t>(value));
    };
    const uint64_t thoughts = std::min(usage.output_reasoning, usage.output_total);
    const uint64_t tool_prompt = std::min(usage.of(Finer::tool_prompt), usage.input_total);
    w.begin_object();
    if ((usage.known & PARLEY_USAGE_INPUT) != 0) {
        number("promptTokenCount", usage.input_total - tool_prompt);
    }
    if ((usage.known & PARLEY_USAGE_OUTPUT) != 0) {
        number("candidatesTokenCount", usage.output_total - thoughts);
    }
    number("totalTokenCount", usage.input_total + usage.output_total);
    if (thoughts != 0) number("thoughtsTokenCount", thoughts);
    if (usage.input_cache_read != 0) number("cachedContentTokenCount", usage.input_cache_read);
    if (usage.knows(Finer::tool_prompt)) number("toolUsePromptTokenCount", tool_prompt);
    for (const Details& details : kDetails) write_details(w, details, usage);
    w.end_object();
}

}  // namespace parley::gemini
