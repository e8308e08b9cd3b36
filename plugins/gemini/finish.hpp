// finish.hpp: why a reply ended, in Google's words and in canonical ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/sdk/json.hpp"

namespace parley::gemini {

// The word of a finishReason, which may be written as a number.
std::string read_finish(sdk::JsonReader& r);

// PARLEY_FINISH_* of a finishReason.
uint32_t finish_of(std::string_view word);

// The finishReason of PARLEY_FINISH_*.
std::string_view finish_word(uint32_t kind);

}  // namespace parley::gemini
