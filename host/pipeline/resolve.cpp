// pipeline/resolve.cpp: body -> model -> everyone who may serve it.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;

Result<void> Exchange::resolve() {
    if (auto peeked = dialect_->peek(call_, arena_, peek_); !peeked) return peeked;
    auto candidates = world_->router.resolve(plugins::view(peek_.model));
    if (!candidates) return std::move(candidates).error();
    // Only those that can be spoken to for this client.
    for (const routing::Candidate& candidate : *candidates) {
        if (dialect_for(*candidate.place) != nullptr) candidates_.push_back(candidate);
    }
    if (!candidates_.empty()) return {};
    auto error =
        base::client_error(PARLEY_E_UNSUPPORTED,
                           "the model \"" + std::string(plugins::view(peek_.model)) +
                               "\" is served by " + candidates->front().place->provider->name() +
                               ", which does not speak " + std::string(dialect_->id()),
                           "model");
    return error;
}

}  // namespace parley::pipeline
