// pipeline/pick.cpp: one of the candidates, and what changes in the request for it.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;

Task<Result<void>> Exchange::pick() {
    attempt_ = &world_->router.next(plugins::view(peek_.model), candidates_);
    account_ = attempt_->account->border();
    upstream_dialect_ = dialect_for(*attempt_->place);
    if (upstream_dialect_ == dialect_) {
        Result<void> done = retarget();
        co_return done ? plan() : done;
    }
    Result<void> done = co_await translate();
    if (!done || crossing_->must_guess()) co_return done;
    Result<void> spoken = crossing_->speak(wants_stream(), plugins::view(peek_.model));
    co_return spoken ? plan() : spoken;
}

// The dialect in which a place is spoken to: the client's own where it can be, otherwise the
// first of the place's that can be translated to; null when there is none.
const plugins::Dialect* Exchange::dialect_for(const routing::Place& place) const {
    if (place.provider->speaks(dialect_->id())) return dialect_;
    const bool has_canonical_form = call_.operation == PARLEY_OPERATION_GENERATE ||
                                    call_.operation == PARLEY_OPERATION_COUNT_TOKENS ||
                                    call_.operation == PARLEY_OPERATION_EMBED;
    if (!has_canonical_form || !plugins::translates_clients(*dialect_)) return nullptr;
    for (const parley_str id : place.provider->dialects()) {
        const plugins::Dialect* spoken = world_->registry.find(plugins::view(id));
        if (spoken != nullptr && plugins::translates_upstreams(*spoken)) return spoken;
    }
    return nullptr;
}

Result<void> Exchange::retarget() {
    if (attempt_->place->usage_in_streams) retarget_.flags = PARLEY_RETARGET_ADD_USAGE;
    return dialect_->retarget(call_, peek_, attempt_->model, arena_, retarget_);
}

Task<Result<void>> Exchange::translate() {
    const Carriage carriage{world_->seals, *world_->stash, caller_, lane_.loop().now_ms()};
    crossing_ = std::make_unique<Crossing>(
        *dialect_, *upstream_dialect_, call_, arena_, carriage, world_->config.limits);
    const std::string_view traits = arena_.copy(world_->traits.of(attempt_->model));
    if (request_.body.len <= world_->config.limits.loop_bytes_max) {
        co_return crossing_->translate(attempt_->model, traits);
    }
    Result<void> done;
    const auto work = [&] { done = crossing_->translate(attempt_->model, traits); };
    http::Workers::Errand errand(lane_.workers(), lane_.loop(), work);
    co_await errand;
    co_return gone_ ? left() : done;
}

}  // namespace parley::pipeline
