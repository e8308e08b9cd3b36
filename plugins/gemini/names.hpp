// names.hpp: what tools may be called, and which generation of models is spoken to.
#pragma once

#include "parley/dialect.h"
#include "parley/sdk/tool_names.hpp"
#include "parley/sdk/traits.hpp"

namespace parley::gemini {

// Models that think by levels ask for signatures and take wider names; nothing else tells the
// generations apart.
inline bool thinks_by_level(const sdk::Traits& traits) {
    return traits.text("reasoning", "gemini_level") == "gemini_level";
}

inline sdk::NameRules name_rules(const sdk::Traits& traits) {
    sdk::NameRules rules;
    rules.may_begin = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    if (!thinks_by_level(traits)) return rules;
    rules.size_max = 128;
    rules.allows = [](char c) { return sdk::is_word(c) || c == '.' || c == ':'; };
    return rules;
}

inline sdk::ToolNames wire_names(const parley_request& request, const parley_target& target) {
    return {request, name_rules(sdk::Traits(sdk::view(target.traits)))};
}

}  // namespace parley::gemini
