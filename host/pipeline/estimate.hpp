// pipeline/estimate.hpp: how many tokens a request may be, where nobody counts them.
#pragma once

#include <cstdint>

#include "parley/request.h"

namespace parley::pipeline {

// Rather too many than too few: clients shorten a history by it, and one that is too long fails.
std::uint64_t estimated_tokens(const parley_request& request);

// Of what was not read, by its bytes: a request as it came, and the events of a reply. Rather too
// few than too many.
std::uint64_t input_of(std::uint64_t request_bytes);
std::uint64_t output_of(std::uint64_t reply_bytes);

}  // namespace parley::pipeline
