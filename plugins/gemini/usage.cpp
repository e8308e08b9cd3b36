#include "usage.hpp"

#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;

void UsageCounters::read(JsonReader& r) {
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        Counter* counter = is(key, "promptTokenCount")          ? &prompt_
                           : is(key, "toolUsePromptTokenCount") ? &tool_prompt_
                           : is(key, "cachedContentTokenCount") ? &cached_
                           : is(key, "candidatesTokenCount")    ? &candidates_
                           : is(key, "thoughtsTokenCount")      ? &thoughts_
                                                                : nullptr;
        if (counter == nullptr) {
            value.skip();
            return;
        }
        constexpr uint64_t kNone = ~uint64_t{0};
        uint64_t told = kNone;
        value.read_count(told);
        if (told != kNone) *counter = {told, true};
    });
}

parley_usage UsageCounters::usage() const {
    parley_usage u{};
    u.struct_size = sizeof(u);
    u.input_total = prompt_.value + tool_prompt_.value;
    u.input_cache_read = cached_.value;
    u.output_total = candidates_.value + thoughts_.value;
    u.output_reasoning = thoughts_.value;
    if (prompt_.known) u.known |= PARLEY_USAGE_INPUT;
    if (cached_.known) u.known |= PARLEY_USAGE_CACHE_READ;
    if (candidates_.known || thoughts_.known) u.known |= PARLEY_USAGE_OUTPUT;
    if (thoughts_.known) u.known |= PARLEY_USAGE_REASONING;
    return u;
}

void write_usage(sdk::JsonWriter& w, const parley_usage& usage) {
    const auto number = [&](std::string_view name, uint64_t value) {
        w.key(name).number(static_cast<int64_t>(value));
    };
    const uint64_t thoughts =
        usage.output_reasoning < usage.output_total ? usage.output_reasoning : usage.output_total;
    w.begin_object();
    if ((usage.known & PARLEY_USAGE_INPUT) != 0) number("promptTokenCount", usage.input_total);
    if ((usage.known & PARLEY_USAGE_OUTPUT) != 0) {
        number("candidatesTokenCount", usage.output_total - thoughts);
    }
    number("totalTokenCount", usage.input_total + usage.output_total);
    if (thoughts != 0) number("thoughtsTokenCount", thoughts);
    if (usage.input_cache_read != 0) number("cachedContentTokenCount", usage.input_cache_read);
    w.end_object();
}

}  // namespace parley::gemini
