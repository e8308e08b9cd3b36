#include "routing/course.hpp"

#include <algorithm>

#include "routing/place.hpp"

namespace parley::routing {

Course::Course(std::string_view model,
               RouteTerms terms,
               const std::function<Steps(std::string_view model)>& steps_of,
               const Pool::PolicyOf& policy_of,
               const PoolSettings& settings)
    : model_(model), terms_(std::move(terms)) {
    const std::uint64_t salt = std::hash<std::string_view>()(model);
    for (std::vector<Candidate>& step : steps_of(model_)) {
        if (step.empty()) continue;
        steps_.push_back(std::make_unique<Pool>(std::move(step), policy_of, salt, settings));
    }
}

Picked Course::pick(const Ask& ask) const {
    Nobody nobody;
    for (std::size_t step = ask.step; step < steps_.size(); ++step) {
        Picked picked = steps_[step]->pick(ask);
        picked.step = step;
        if (picked.candidate != nullptr) return picked;
        nobody.merge(picked.nobody);
        if (ask.is_rejected()) break;
    }
    Picked only;
    if (steps_.size() == 1 && ask.step == 0 && !ask.is_rejected())
        only = steps_.front()->pick_only(ask);
    if (only.candidate == nullptr) only.nobody = nobody;
    return only;
}

bool Course::knows(std::uint32_t account) const {
    return std::any_of(steps_.begin(), steps_.end(), [&](const auto& pool) {
        const auto& tiers = pool->tiers();
        return std::any_of(tiers.begin(), tiers.end(), [&](const auto& tier) {
            return tier->index_of(account) != kNobody;
        });
    });
}

bool Course::leads_to(const plugins::Instance& provider) const {
    const auto has = [&](const std::unique_ptr<Tier>& tier) {
        for (std::size_t i = 0; i < tier->size(); ++i) {
            if (&tier->candidate(i).place->provider->instance() == &provider) return true;
        }
        return false;
    };
    return std::any_of(steps_.begin(), steps_.end(), [&](const auto& pool) {
        return std::any_of(pool->tiers().begin(), pool->tiers().end(), has);
    });
}

bool Course::falls_through(int error_class, std::size_t step) const {
    const auto& classes = terms_.next_step_on;
    return step + 1 < steps_.size() &&
           std::find(classes.begin(), classes.end(), error_class) != classes.end();
}

std::size_t Course::bytes() const {
    std::size_t all = sizeof(*this) + model_.size();
    for (const auto& step : steps_) all += step->bytes();
    return all;
}

}  // namespace parley::routing
