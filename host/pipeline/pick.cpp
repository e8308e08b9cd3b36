// pipeline/pick.cpp: one of the candidates, and what changes in the request for it.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;

Result<void> Exchange::pick() {
    attempt_ = &world_->router.next(plugins::view(peek_.model), candidates_);
    account_ = attempt_->account->border();
    if (attempt_->place->usage_in_streams) retarget_.flags = PARLEY_RETARGET_ADD_USAGE;
    if (auto done = dialect_->retarget(call_, peek_, attempt_->model, arena_, retarget_); !done) {
        return done;
    }
    return plan();
}

}  // namespace parley::pipeline
