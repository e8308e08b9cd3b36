// pipeline/opened_seals.hpp: a request whose envelopes have been opened.
#pragma once

#include <string_view>

#include "base/arena.hpp"
#include "parley/request.h"
#include "pipeline/seals.hpp"

namespace parley::pipeline {

// The family that dialects give to a seal that is an envelope, and find on one that they shall
// carry.
constexpr std::string_view kEnvelopeFamily = "parley";

// The same request where there is none. What cannot be opened goes, reasoning with it, and is
// warned of.
const parley_request* opened_seals(const parley_request& request,
                                   const Seals& seals,
                                   std::string_view caller,
                                   base::Arena& arena);

}  // namespace parley::pipeline
