// pipeline/pick.cpp: one candidate after the other gets the request, until one serves it.
#include "pipeline/exchange.hpp"
#include "routing/rules.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;

Task<Result<void>> Exchange::try_accounts() {
    Result<void> served;
    while (pick_next()) {
        served = co_await attempt_->run();
        if (served || !goes_on(served.error())) break;
    }
    co_return served;
}

bool Exchange::pick_next() {
    if (candidates_.empty()) return false;
    const routing::Candidate* next = &world_->router.next(asked_.model(), candidates_);
    const routing::Candidate picked = *next;
    candidates_.erase(candidates_.begin() + (next - candidates_.data()));
    ++attempts_;
    attempt_.emplace(*this, picked, *dialect_for(*picked.place));
    return true;
}

bool Exchange::has_more() const {
    return !candidates_.empty() && attempts_ < world_->config.failover.attempts_max;
}

// Whether another account may do better, and the client need not know of this one.
bool Exchange::goes_on(const base::Error& error) const {
    if (gone_ || attempt_->has_shown() || !has_more()) return false;
    const bool is_too_late =
        lane_.loop().now_ms() >= started_ms_ + world_->config.upstream.total_ms;
    if (is_too_late) return false;
    if (const parley_verdict* verdict = attempt_->verdict()) {
        return routing::rule_of(routing::fault_of(*verdict)).guilty != routing::Guilty::kNobody;
    }
    // It never went out: what one provider cannot be asked for, or asked by us, another can.
    return error.error_class == PARLEY_E_UNSUPPORTED || error.fault != PARLEY_FAULT_CLIENT;
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
