// corrections.cpp: what refusals on this wire say of the traits that a request was written by.
#include "parley/sdk/corrections.hpp"

#include <array>

#include "dialect.hpp"

namespace parley::gemini {

using sdk::Correction;
using sdk::Refusal;

namespace {

std::string number_or_nothing(uint64_t number) {
    return number == 0 ? "" : std::to_string(number);
}

// "The thinking budget (0) is invalid. Please choose a value between 128 and 32768."
std::string least_budget(const Refusal& refusal) {
    return number_or_nothing(refusal.number_behind("value between"));
}

std::string most_budget(const Refusal& refusal) {
    const std::string range = "value between " + least_budget(refusal) + " and";
    return number_or_nothing(refusal.number_behind(range));
}

// "… maxOutputTokens value of 99999 but the supported range is from 1 (inclusive) to 65537
// (exclusive)"
std::string most_tokens(const Refusal& refusal) {
    const uint64_t end = refusal.number_behind("(inclusive) to");
    return end == 0 ? "" : std::to_string(end - 1);
}

// What is more exact comes first: several may fit, and the first that changes the request counts.
constexpr auto kCorrections = std::to_array<Correction>({
    // ---- sampling ----
    {"penalty", {}, "penalties_ok", "false"},
    {"presencepenalty", {}, "penalties_ok", "false"},
    {"frequencypenalty", {}, "penalties_ok", "false"},
    {"presence_penalty", {}, "penalties_ok", "false"},
    {"frequency_penalty", {}, "penalties_ok", "false"},
    {"temperature", {}, "sampling_ok", "false"},
    {"topp", {}, "sampling_ok", "false"},
    {"top_p", {}, "sampling_ok", "false"},
    {"topk", {}, "sampling_ok", "false"},
    {"top_k", {}, "sampling_ok", "false"},
    {"seed", {}, "sampling_ok", "false"},
    // ---- thinking ----
    {"only works in thinking mode", "budget 0", "can_disable_reasoning", "false"},
    {"thinking_budget to 0", {}, "can_disable_reasoning", "false"},
    {"thinking can't be disabled", {}, "can_disable_reasoning", "false"},
    {"thinking budget", "choose a value between", "budget_max", {}, most_budget},
    {"thinking budget", "choose a value between", "budget_min", {}, least_budget},
    {"thinking budget (0)", "choose a value between", "can_disable_reasoning", "false"},
    {"thinking level minimal", {}, "effort_levels", R"(["low","medium","high"])"},
    {"thinking level medium", {}, "effort_levels", R"(["low","high"])"},
    {"thinking level", {}, "reasoning", "\"gemini_budget\""},
    {"thinking_level", {}, "reasoning", "\"gemini_budget\""},
    {"thinkinglevel", {}, "reasoning", "\"gemini_budget\""},
    {"thinking budget", {}, "reasoning", "\"gemini_level\""},
    {"thinking_budget", {}, "reasoning", "\"gemini_level\""},
    {"thinkingbudget", {}, "reasoning", "\"gemini_level\""},
    {"include_thoughts", "only enabled when thinking is enabled", "reasoning", "\"none\""},
    {"thinking is not", {}, "reasoning", "\"none\""},
    {"thinking_config", {}, "reasoning", "\"none\""},
    {"thinkingconfig", {}, "reasoning", "\"none\""},
    // ---- schemas ----
    {"response mime type", {}, "tools_with_schema", "false"},
    {"parametersjsonschema", {}, "json_schema_ok", "false"},
    {"parameters_json_schema", {}, "json_schema_ok", "false"},
    {"responsejsonschema", {}, "json_schema_ok", "false"},
    {"response_json_schema", {}, "json_schema_ok", "false"},
    {"validated", {}, "strict_ok", "false"},
    // ---- calls and their results ----
    {"function_call", "unknown name \"id\"", "fc_id_ok", "false"},
    {"function_response", "unknown name \"id\"", "fc_id_ok", "false"},
    {"function_response", "unknown name \"parts\"", "fr_parts_ok", "false"},
    // ---- the answer's size ----
    {"maxoutputtokens", "the supported range is from", "max_output", {}, most_tokens},
});

}  // namespace

std::string_view Dialect::correct_traits(const parley_request& request,
                                         const parley_target& target,
                                         const parley_error& told,
                                         sdk::Arena& arena) {
    return sdk::correct(kCorrections, *this, {request, target, told}, arena);
}

}  // namespace parley::gemini
