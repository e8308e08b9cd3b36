// pipeline/estimate.hpp: how many tokens a request may be, where nobody counts them.
#pragma once

#include <cstdint>

#include "parley/request.h"

namespace parley::pipeline {

// Rather too many than too few: clients shorten a history by it, and one that is too long fails.
std::uint64_t estimated_tokens(const parley_request& request);

}  // namespace parley::pipeline
