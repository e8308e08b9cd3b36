// thinking.hpp: how much the model shall think, as models of this wire take it, and how long its
// answer may be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crossing.hpp"
#include "parley/sdk/json.hpp"

namespace parley::claude {

struct ThinkingPlan {
    enum class Mode { omitted, disabled, adaptive, enabled };

    Mode mode = Mode::omitted;
    uint64_t budget = 0;       // enabled
    std::string_view effort;   // of output_config; empty: not told
    std::string_view display;  // empty: not told
    bool keeps_blocks = true;  // thinking of the history may be sent
    std::string max_tokens;    // empty: left out

    bool is_on() const { return mode == Mode::adaptive || mode == Mode::enabled; }
};

// `forced`: a tool must be called, which models that think by budget do not allow.
ThinkingPlan plan_thinking(Crossing& crossing, bool forced);

void write_thinking(sdk::JsonWriter& w, const ThinkingPlan& plan);

}  // namespace parley::claude
