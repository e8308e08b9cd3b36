// ask_out.hpp: what a client asks besides the conversation, for upstreams of either dialect.
#pragma once

#include <string_view>

#include "crossing_out.hpp"

namespace parley::openai {

// The word for how much the model shall think; empty: not said.
std::string_view effort_for(Crossing& to);

// A model that takes no sampling may take some of it while it does not think.
bool draws_unthinking(const Crossing& to, std::string_view effort);

// temperature, top_p, and what only chat has; as far as the model takes it at this effort.
void write_sampling(Body& body, Crossing& to, std::string_view effort, bool is_chat);

// user, safety_identifier, metadata, service_tier, prompt_cache_key and the like.
void write_common(Body& body, Crossing& to, bool is_chat);

// The value of "response_format", or of "text.format", where the schema is not nested.
void write_format(Body& body, Crossing& to, bool nested);
// A system text that the format needs beside it; empty: none.
std::string format_prompt(Crossing& to);

// Bounded by what the model can write; absent when the client did not say.
parley_number output_limit(Crossing& to, uint64_t least);

// Everything that no upstream of this dialect has.
void refuse_foreign(Crossing& to, bool is_chat);

}  // namespace parley::openai
