// pipeline/turn.cpp: a filter sends the request elsewhere.
#include <algorithm>

#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;

namespace {

constexpr unsigned kTurnsMax = 3;

}  // namespace

Result<void> Exchange::turn(const Ruling& elsewhere) {
    const std::string by(elsewhere.by);
    drop_attempts();
    if (++turns_ > kTurnsMax) return plugins::filter_error(by, "a fourth ROUTE in one exchange");
    if (!elsewhere.egress.empty()) {
        return plugins::filter_error(by, "ROUTE by an egress: the configuration names none");
    }
    if (elsewhere.request != nullptr) given_ = elsewhere.request;
    if (!elsewhere.model.empty()) {
        const bool may_ask = asked_.caller == nullptr || asked_.caller->may_ask(elsewhere.model);
        auto course = world_->router.find(elsewhere.model);
        if (!course || !may_ask) {
            return plugins::filter_error(
                by,
                "ROUTE to \"" + std::string(elsewhere.model) + "\": " +
                    (course ? "the client key may not ask for it" : course.error().message));
        }
        course_ = std::move(*course);
    }
    const auto& places = world_->router.places();
    const auto is_meant = [&](const routing::Place& p) { return p.name == elsewhere.provider; };
    if (!elsewhere.provider.empty() && std::none_of(places.begin(), places.end(), is_meant)) {
        return plugins::filter_error(
            by, "ROUTE to the provider \"" + std::string(elsewhere.provider) + "\": there is none");
    }
    find_unfit(elsewhere.provider);
    tried_.clear();
    step_ = 0;
    return {};
}

}  // namespace parley::pipeline
