// corrections.cpp: what refusals on these wires, of OpenAI's own and of compatible places, say of
// the traits that a request was written by.
#include "parley/sdk/corrections.hpp"

#include <array>

#include "dialect.hpp"

namespace parley::openai {

using sdk::Correction;
using sdk::Refusal;

namespace {

std::string number_or_nothing(uint64_t number) {
    return number == 0 ? "" : std::to_string(number);
}

// "max_tokens is too large: 99999. This model supports at most 16384 completion tokens, …"
std::string supported_tokens(const Refusal& refusal) {
    return number_or_nothing(refusal.number_behind("supports at most"));
}

// "Invalid 'max_output_tokens': integer above maximum value. Expected a value <= 128000, …"
std::string expected_tokens(const Refusal& refusal) {
    return number_or_nothing(refusal.number_behind("expected a value <="));
}

// "… Supported values are: 'low', 'medium', and 'high'."
std::string levels(const Refusal& refusal) {
    constexpr std::array<std::string_view, 7> kLevels{
        "none", "minimal", "low", "medium", "high", "xhigh", "max"};
    std::string listed = refusal.listed_behind("supported values are", kLevels);
    return listed.empty() ? refusal.listed_behind("must be one of", kLevels) : listed;
}

// What is more exact comes first: several may fit, and the first that changes the request counts.
constexpr auto kCorrections = std::to_array<Correction>({
    // ---- sampling ----
    {"temperature", {}, "sampling_ok", "false"},
    {"top_p", {}, "sampling_ok", "false"},
    {"top_k", {}, "top_k_ok", "false"},
    {"presence_penalty", {}, "sampling_ok", "false"},
    {"frequency_penalty", {}, "sampling_ok", "false"},
    {"logit_bias", {}, "sampling_ok", "false"},
    {"logprobs", {}, "sampling_ok", "false"},
    {"top_logprobs", {}, "sampling_ok", "false"},
    // Not even of a model that does not think.
    {"temperature", {}, "sampling_at_none_ok", "false"},
    {"top_p", {}, "sampling_at_none_ok", "false"},
    {"logprobs", {}, "sampling_at_none_ok", "false"},
    {"top_logprobs", {}, "sampling_at_none_ok", "false"},
    // ---- thinking ----
    {"reasoning_effort", "supported values are", "effort_levels", {}, levels},
    {"reasoning_effort", "must be one of", "effort_levels", {}, levels},
    {"effort", "supported values are", "effort_levels", {}, levels},
    {"reasoning_effort", {}, "reasoning", "\"none\""},
    {"reasoning.effort", {}, "reasoning", "\"none\""},
    {"reasoning.summary", {}, "summary_ok", "false"},
    {"reasoning.summary", "must be verified", "summary_ok", "false"},
    {"reasoning summaries", "must be verified", "summary_ok", "false"},
    {"'reasoning'", {}, "reasoning", "\"none\""},
    {"encrypted content", {}, "reasoning", "\"none\""},
    {"enable_thinking", {}, "reasoning", "\"none\""},
    // ---- the answer's size ----
    {"completion tokens", "supports at most", "max_output", {}, supported_tokens},
    {"max_tokens", "expected a value <=", "max_output", {}, expected_tokens},
    {"max_completion_tokens", "expected a value <=", "max_output", {}, expected_tokens},
    {"max_output_tokens", "expected a value <=", "max_output", {}, expected_tokens},
    {"max_completion_tokens", {}, "max_tokens_name", "\"max_tokens\""},
    {"max_tokens", {}, "max_tokens_name", "\"max_completion_tokens\""},
    // ---- turns ----
    {"developer", {}, "developer_role", "false"},
    {"developer", "is not one of", "developer_role", "false"},
    {"content", "got null", "null_content_ok", "false"},
    {"content", "expected a string", "content_parts_ok", "false"},
    {"content", "must be a string", "content_parts_ok", "false"},
    {"content", "should be a valid string", "content_parts_ok", "false"},
    // ---- tools ----
    {"allowed_tools", {}, "allowed_tools_ok", "false"},
    {"tool_choice", {}, "tool_choice_object_ok", "false"},
    {"tool_choice", "supported values are", "tool_choice_object_ok", "false"},
    {"tool_choice", "should be 'none'", "tool_choice_object_ok", "false"},
    {"tool_choice", "should be 'auto'", "tool_choice_object_ok", "false"},
    {"parallel_tool_calls", {}, "parallel_ok", "false"},
    {"hosted tool", {}, "server_tools", "[]"},
    {"'custom'", {}, "custom_tools_ok", "false"},
    {"'custom'", "supported values are", "custom_tools_ok", "false"},
    // ---- the answer's shape ----
    {"strict", {}, "strict_ok", "false"},
    {"json_schema", {}, "json_schema_ok", "false"},
    {"response_format", {}, "json_schema_ok", "false"},
    {"text.format", {}, "json_schema_ok", "false"},
    // ---- the rest ----
    {"stream_options", {}, "include_usage_ok", "false"},
    {"store", {}, "store_ok", "false"},
    {"include", {}, "include_ok", "false"},
    {"prompt_cache_key", {}, "prompt_cache_key_ok", "false"},
    {"prompt_cache_breakpoint", {}, "cache_breakpoints", "false"},
});

}  // namespace

std::string_view Chat::correct_traits(const parley_request& request,
                                      const parley_target& target,
                                      const parley_error& told,
                                      sdk::Arena& arena) {
    return sdk::correct(kCorrections, *this, {request, target, told}, arena);
}

std::string_view Responses::correct_traits(const parley_request& request,
                                           const parley_target& target,
                                           const parley_error& told,
                                           sdk::Arena& arena) {
    return sdk::correct(kCorrections, *this, {request, target, told}, arena);
}

}  // namespace parley::openai
