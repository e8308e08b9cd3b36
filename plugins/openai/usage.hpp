// usage.hpp: token counts as both dialects spell them.
#pragma once

#include "parley/abi.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::openai {

// Reads a usage object (prompt_tokens … or input_tokens …); what is absent or null stays as it was.
void read_usage(sdk::JsonReader& r, sdk::Usage& usage);
void read_usage(sdk::JsonReader& r, parley_usage& usage);

// {"prompt_tokens":…} as chat clients expect it, {"input_tokens":…} as Responses clients do. What
// is not known is 0, and left out where it is one of the finer counters.
void write_chat_usage(sdk::JsonWriter& w, const sdk::Usage& usage);
void write_responses_usage(sdk::JsonWriter& w, const sdk::Usage& usage);

}  // namespace parley::openai
