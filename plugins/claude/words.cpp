#include "words.hpp"

#include <array>

#include "json_text.hpp"
#include "parley/event.h"

namespace parley::claude {

namespace {

struct Row {
    uint32_t finish;
    std::string_view stop_reason;
};

// The first row of a value counts, in both directions.
constexpr std::array kRows{
    Row{PARLEY_FINISH_STOP, "end_turn"},
    Row{PARLEY_FINISH_STOP_SEQUENCE, "stop_sequence"},
    Row{PARLEY_FINISH_TOOL_CALLS, "tool_use"},
    Row{PARLEY_FINISH_LENGTH, "max_tokens"},
    Row{PARLEY_FINISH_CONTEXT_LENGTH, "model_context_window_exceeded"},
    Row{PARLEY_FINISH_PAUSE, "pause_turn"},
    Row{PARLEY_FINISH_REFUSAL, "refusal"},
    Row{PARLEY_FINISH_CONTENT_FILTER, "refusal"},
    Row{PARLEY_FINISH_COMPACTION, "compaction"},
};

}  // namespace

uint32_t finish_of(std::string_view stop_reason) {
    for (const Row& row : kRows) {
        if (row.stop_reason == stop_reason) return row.finish;
    }
    return PARLEY_FINISH_STOP;
}

std::string_view stop_reason_of(uint32_t finish) {
    for (const Row& row : kRows) {
        if (row.finish == finish) return row.stop_reason;
    }
    return "end_turn";
}

std::string_view tier_told(std::string_view service_tier) {
    if (service_tier == "standard") return "default";
    if (service_tier == "priority" || service_tier == "batch") return service_tier;
    return {};
}

std::string_view tier_word(std::string_view extra) {
    if (extra.empty()) return {};
    const std::string tier = Members(extra).text("service_tier");
    if (tier == "priority" || tier == "scale") return "priority";
    if (tier == "batch") return "batch";
    return tier == "default" || tier == "flex" ? "standard" : std::string_view();
}

}  // namespace parley::claude
