// pipeline/restored.hpp: a request with the reasoning that its client carried, or could not carry.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "parley/request.h"
#include "pipeline/seals.hpp"
#include "pipeline/stash.hpp"
#include "routing/owners.hpp"

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
    routing::Owners* owners = nullptr;  // null: nobody asks whose it is
    std::uint32_t account = 0;          // State::number of the one that is asked
    std::string_view place = {};        // the provider that is asked

    // Reasoning that is encrypted can be read by none but the account that made it; some by none
    // but the provider.
    void own(const Seal& seal) const;
    bool is_of_another(const Seal& seal) const;
};

// The same request where there is nothing to restore. Envelopes are opened; what cannot be opened,
// or is of another account, goes, reasoning with it, and is warned of. A turn with calls and
// without any seal gets what the stash has of it; reasoning of which there is but the seal gets its
// words from there.
const parley_request* restored(const parley_request& request,
                               const Carriage& carriage,
                               base::Arena& arena);

}  // namespace parley::pipeline
