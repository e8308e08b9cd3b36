// scrub.hpp: takes out of a relayed request what only Parley could read.
//
// A conversation that began with a translated model holds thinking that the upstream never signed:
// blocks with the host's envelope, or without any signature, and sources that nobody sealed. The
// upstream would refuse all of it.
#pragma once

#include <string_view>
#include <vector>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::claude {

// Whether a string of "messages" is a sign of them; `json` is the text from its quote on.
bool tells_scrub(std::string_view json);

// The edits that remove those blocks and clear such sources, not in order. A whole walk, for bodies
// with a sign of them.
std::vector<parley_edit> scrub(std::string_view body, sdk::Arena& arena);

}  // namespace parley::claude
