// words.hpp: the words of the wire that several files use, and what they mean in between.
#pragma once

#include <cstdint>
#include <string_view>

#include "parley/sdk/tool_names.hpp"

namespace parley::claude {

inline constexpr std::string_view kDialect = "anthropic-messages";

// Who can read the seals that this wire carries.
inline constexpr std::string_view kFamily = "anthropic";

// The host's own envelope around seals of other families.
inline constexpr std::string_view kEnvelopeFamily = "parley";
inline constexpr std::string_view kEnvelopeMark = "pl1.";

// The tool that stands in for a JSON Schema where a model takes none.
inline constexpr std::string_view kSchemaTool = "json_response";

inline constexpr std::size_t kCallIdMax = 64;

inline sdk::NameRules name_rules() {
    return {};
}

// PARLEY_FINISH_* of a stop_reason; STOP for words that nobody knows.
uint32_t finish_of(std::string_view stop_reason);
// The stop_reason of PARLEY_FINISH_*.
std::string_view stop_reason_of(uint32_t finish);

// The tier that a reply tells, in the canonical form's word; empty for those that nobody else has.
std::string_view tier_told(std::string_view service_tier);
// And back: the tier in the `extra` of an event as this wire says it; empty when it tells none.
std::string_view tier_word(std::string_view extra);

}  // namespace parley::claude
