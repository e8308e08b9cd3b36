// pipeline/admit.cpp: has the caller used up what it may?
#include "base/clock.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;

Result<void> Exchange::admit() {
    if (asked_.caller == nullptr) return {};
    const accounts::Caller& caller = *asked_.caller;
    const accounts::Admission admission =
        caller.budget->begin(caller.limits, lane_.now_ms(), base::wall_ms());
    is_admitted_ = admission.over == accounts::Over::kNothing;
    if (is_admitted_) {
        caller.budget->earn_attempt(world_->config.failover);
        return {};
    }
    auto error = base::client_error(PARLEY_E_RATE_LIMITED,
                                    "the client key \"" + caller.name + "\" is over its limit of " +
                                        std::to_string(admission.limit) + ' ' +
                                        accounts::words_of(admission.over));
    error.retry_after_ms = admission.reset_ms;
    return error;
}

}  // namespace parley::pipeline
