// scrub.hpp: takes out of a relayed request what only Parley could read: a client that changed from
// a translated model to a native one sends it back, and no upstream takes it.
#pragma once

#include <string_view>
#include <vector>

#include "parley/dialect.h"

namespace parley::openai {

// How what only Parley can read begins.
inline constexpr std::string_view kQuotedEnvelope = "\"pl1.";

// Reasoning items of "input" and signatures of calls in "messages" that are envelopes. The edits
// are in the order of the body. A whole walk: only for bodies with a kQuotedEnvelope in them.
std::vector<parley_edit> scrub(std::string_view body);

}  // namespace parley::openai
