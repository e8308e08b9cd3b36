// pipeline/pick.cpp: one of the candidates gets the request.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

void Exchange::pick() {
    const routing::Candidate& next = world_->router.next(asked_.model(), candidates_);
    attempt_.emplace(*this, next, *dialect_for(*next.place));
}

// The dialect in which a place is spoken to: the client's own where it can be, otherwise the
// first of the place's that can be translated to; null when there is none.
const plugins::Dialect* Exchange::dialect_for(const routing::Place& place) const {
    if (place.provider->speaks(asked_.dialect->id())) return asked_.dialect;
    const std::uint32_t operation = asked_.call.operation;
    const bool has_canonical_form = operation == PARLEY_OPERATION_GENERATE ||
                                    operation == PARLEY_OPERATION_COUNT_TOKENS ||
                                    operation == PARLEY_OPERATION_EMBED;
    if (!has_canonical_form || !plugins::translates_clients(*asked_.dialect)) return nullptr;
    for (const parley_str id : place.provider->dialects()) {
        const plugins::Dialect* spoken = world_->registry.find(plugins::view(id));
        if (spoken != nullptr && plugins::translates_upstreams(*spoken)) return spoken;
    }
    return nullptr;
}

}  // namespace parley::pipeline
