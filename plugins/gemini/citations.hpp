// citations.hpp: sources, between grounding metadata and canonical events.
#pragma once

#include <cstdint>
#include <string_view>

#include "parley/sdk/emitter.hpp"

namespace parley::gemini {

// Tells the sources of the open part `key` from a groundingMetadata object.
void emit_grounding(std::string_view json, uint64_t key, sdk::Emitter& emitter);

// The same from a citationMetadata object.
void emit_citations(std::string_view json, uint64_t key, sdk::Emitter& emitter);

}  // namespace parley::gemini
