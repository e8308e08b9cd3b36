// corrections.cpp: what refusals on this wire say of the traits that a request was written by.
#include "parley/sdk/corrections.hpp"

#include <array>

#include "dialect.hpp"

namespace parley::claude {

using sdk::Correction;
using sdk::Refusal;

namespace {

constexpr std::string_view kMostTokens = "maximum allowed number of output tokens";

// "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for …"
std::string most_tokens(const Refusal& refusal) {
    const uint64_t most = refusal.number_behind(">");
    return most == 0 ? "" : std::to_string(most);
}

// "… effort level 'xhigh'. Supported levels: high, low, max, medium."
// "output_config.effort: Input should be 'low', 'medium' or 'high'"
std::string levels(const Refusal& refusal) {
    constexpr std::array<std::string_view, 5> kLevels{"low", "medium", "high", "xhigh", "max"};
    std::string listed = refusal.listed_behind("supported levels", kLevels);
    return listed.empty() ? refusal.listed_behind("should be", kLevels) : listed;
}

// What is more exact comes first: several may fit, and the first that changes the request counts.
constexpr auto kCorrections = std::to_array<Correction>({
    // ---- sampling ----
    {"temperature", "cannot both be specified", "top_p_and_temp_ok", "false"},
    {"temperature", "may only be set to 1", "sampling_ok", "false"},
    {"top_p", "when thinking is enabled", "sampling_ok", "false"},
    {"top_k", "when thinking is enabled", "sampling_ok", "false"},
    {"temperature", {}, "sampling_ok", "false"},
    {"top_p", {}, "sampling_ok", "false"},
    {"top_k", {}, "sampling_ok", "false"},
    // ---- thinking ----
    {"effort level", "supported levels", "effort_levels", {}, levels},
    {"effort", "should be", "effort_levels", {}, levels},
    {"effort", {}, "reasoning", "\"anthropic_manual\""},
    {"thinking.type.disabled", {}, "can_disable_reasoning", "false"},
    {"thinking.type.enabled", {}, "reasoning", "\"anthropic_adaptive\""},
    {"budget_tokens", {}, "reasoning", "\"anthropic_adaptive\""},
    {"input tag 'enabled'", "expected tags", "reasoning", "\"anthropic_adaptive\""},
    {"input tag 'adaptive'", "expected tags", "reasoning", "\"anthropic_manual\""},
    {"adaptive", {}, "reasoning", "\"anthropic_manual\""},
    {"thinking is not supported", {}, "reasoning", "\"none\""},
    {"not support thinking", {}, "reasoning", "\"none\""},
    {"not support extended thinking", {}, "reasoning", "\"none\""},
    {"thinking: extra inputs", {}, "reasoning", "\"none\""},
    // ---- turns ----
    {"prefill", {}, "prefill", "false"},
    {"end with a user message", "must", "prefill", "false"},
    {"role 'system'", {}, "mid_system", "false"},
    {"role", "should be 'user' or 'assistant'", "mid_system", "false"},
    // ---- the answer's shape and size ----
    {"output_config.format", {}, "native_schema", "false"},
    {"output_format", {}, "native_schema", "false"},
    {"output format", {}, "native_schema", "false"},
    {"structured outputs", {}, "native_schema", "false"},
    {"json_schema", {}, "native_schema", "false"},
    {"max_tokens", kMostTokens, "max_output", {}, most_tokens},
    // ---- the rest ----
    {"output_config", {}, "reasoning", "\"anthropic_manual\""},
    {"output_config", {}, "native_schema", "false"},
    {"strict", {}, "strict_ok", "false"},
    {"cache_control", {}, "auto_cache", "false"},
});

}  // namespace

std::string_view Messages::correct_traits(const parley_request& request,
                                          const parley_target& target,
                                          const parley_error& told,
                                          sdk::Arena& arena) {
    return sdk::correct(kCorrections, *this, {request, target, told}, arena);
}

}  // namespace parley::claude
