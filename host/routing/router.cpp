#include "routing/router.hpp"

#include <algorithm>

#include "base/nearest.hpp"
#include "routing/glob.hpp"

namespace parley::routing {

using base::Result;

Router::Router(std::vector<Place> places, const std::vector<config::Route>& routes)
    : places_(std::move(places)) {
    for (const config::Route& configured : routes) {
        Route route{configured.model, {}};
        for (const config::Target& target : configured.targets) {
            for (const Place& place : places_) {
                if (place.provider->name() != target.provider) continue;
                route.targets.push_back({&place, target.model});
            }
        }
        if (route.targets.empty()) continue;
        if (is_pattern(route.model)) {
            pattern_routes_.push_back(std::move(route));
        } else {
            routes_.emplace(route.model, std::move(route));
        }
    }
    std::stable_sort(
        pattern_routes_.begin(), pattern_routes_.end(), [](const Route& a, const Route& b) {
            return a.model.size() > b.model.size();
        });
    list();
}

void Router::list() {
    for (const auto& [model, route] : routes_) {
        listed_.push_back({model, route.targets.front().place->provider->name()});
    }
    for (const Place& place : places_) {
        for (const std::string& model : place.models) {
            if (is_pattern(model) || !place.serves(model)) continue;
            listed_.push_back({model, place.provider->name()});
        }
    }
    const auto by_model = [](const Listed& a, const Listed& b) { return a.model < b.model; };
    const auto same = [](const Listed& a, const Listed& b) { return a.model == b.model; };
    std::stable_sort(listed_.begin(), listed_.end(), by_model);
    listed_.erase(std::unique(listed_.begin(), listed_.end(), same), listed_.end());
}

const Router::Listed* Router::find_listed(std::string_view model) const {
    const auto it = std::find_if(
        listed_.begin(), listed_.end(), [&](const Listed& l) { return l.model == model; });
    return it == listed_.end() ? nullptr : &*it;
}

const Router::Route* Router::find_route(std::string_view model) const {
    if (const auto it = routes_.find(model); it != routes_.end()) return &it->second;
    for (const Route& route : pattern_routes_) {
        if (glob_matches(route.model, model)) return &route;
    }
    return nullptr;
}

Result<Candidates> Router::resolve(std::string_view model) const {
    Candidates found;
    if (const Route* route = find_route(model)) {
        for (const Target& target : route->targets) {
            const std::string_view name = target.model.empty() ? model : target.model;
            for (const auto& account : target.place->accounts) {
                found.push_back({target.place, &account, name});
            }
        }
    } else {
        for (const Place& place : places_) {
            if (!place.serves(model)) continue;
            for (const auto& account : place.accounts) found.push_back({&place, &account, model});
        }
    }
    if (found.empty()) return unknown(model);
    return found;
}

const Candidate& Router::next(std::string_view model, const Candidates& candidates) const {
    if (candidates.size() == 1) return candidates.front();
    auto& turn = turns_[std::hash<std::string_view>()(model) % kCounters];
    return candidates[turn.fetch_add(1, std::memory_order_relaxed) % candidates.size()];
}

base::Error Router::unknown(std::string_view model) const {
    constexpr std::size_t kShownBytesMax = 128;
    constexpr std::size_t kNearestMax = 3;
    std::vector<std::string> names;
    for (const Listed& l : listed_) names.push_back(l.model);
    std::string text =
        "the model \"" + std::string(model.substr(0, kShownBytesMax)) + "\" is not served here";
    std::string separator = "; did you mean ";
    for (const std::string& name : base::nearest(model, names, kNearestMax)) {
        text += separator + '"' + name + '"';
        separator = " or ";
    }
    return base::client_error(PARLEY_E_NOT_FOUND, std::move(text), "model");
}

}  // namespace parley::routing
