// pipeline/resolve.cpp: body -> model -> everyone who may serve it.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;

Result<void> Exchange::resolve() {
    if (auto peeked = asked_.dialect->peek(asked_.call, arena_, asked_.peek); !peeked)
        return peeked;
    auto candidates = world_->router.resolve(asked_.model());
    if (!candidates) return std::move(candidates).error();
    // Only those that can be spoken to for this client.
    for (const routing::Candidate& candidate : *candidates) {
        if (dialect_for(*candidate.place) != nullptr) candidates_.push_back(candidate);
    }
    if (!candidates_.empty()) return {};
    auto error =
        base::client_error(PARLEY_E_UNSUPPORTED,
                           "the model \"" + std::string(asked_.model()) + "\" is served by " +
                               candidates->front().place->provider->name() +
                               ", which does not speak " + std::string(asked_.dialect->id()),
                           "model");
    return error;
}

}  // namespace parley::pipeline
