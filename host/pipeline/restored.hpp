// pipeline/restored.hpp: a request with the reasoning that its client carried, or could not carry.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "parley/request.h"
#include "pipeline/seals.hpp"
#include "pipeline/stash.hpp"

namespace parley::pipeline {

// The family that dialects give to a seal that is an envelope, and find on one that they shall
// carry.
constexpr std::string_view kEnvelopeFamily = "parley";

// Whose reasoning it is, and where it is kept.
struct Carriage {
    const Seals& seals;
    Stash& stash;
    std::string_view caller;
    std::uint64_t now_ms;
};

// The same request where there is nothing to restore. Envelopes are opened; what cannot be opened
// goes, reasoning with it, and is warned of. A turn with calls and without any seal gets what the
// stash has of it; reasoning of which there is but the seal gets its words from there.
const parley_request* restored(const parley_request& request,
                               const Carriage& carriage,
                               base::Arena& arena);

}  // namespace parley::pipeline
