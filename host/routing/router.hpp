// routing/router.hpp: the model that was asked for -> who may serve it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "accounts/account.hpp"
#include "base/error.hpp"
#include "config/config.hpp"
#include "routing/pick.hpp"
#include "routing/place.hpp"

namespace parley::routing {

using Candidates = boost::container::small_vector<Candidate, 8>;

class Router {
public:
    // Routes that name a provider which is not there are dropped; configuration has checked them.
    Router(std::vector<Place> places, const std::vector<config::Route>& routes);

    // Everyone who may serve the model, in the order of the configuration; never empty.
    // `model` must outlive the result.
    base::Result<Candidates> resolve(std::string_view model) const;

    // The next of the candidates in turn.
    const Candidate& next(std::string_view model, const Candidates& candidates) const;

    struct Listed {
        std::string model;
        std::string owner;
    };

    // The models that have a name (patterns have none), sorted.
    const std::vector<Listed>& listed() const { return listed_; }

    const Listed* find_listed(std::string_view model) const;

    const std::vector<Place>& places() const { return places_; }

private:
    struct Target {
        const Place* place;
        std::string model;
    };

    struct Route {
        std::string model;
        std::vector<Target> targets;
    };

    const Route* find_route(std::string_view model) const;
    void list();
    base::Error unknown(std::string_view model) const;

    std::vector<Place> places_;
    std::map<std::string, Route, std::less<>> routes_;
    std::vector<Route> pattern_routes_;  // the longest pattern first
    std::vector<Listed> listed_;
    // Turns are counted for each model, more or less: a few counters shared by hash.
    static constexpr std::size_t kCounters = 64;
    mutable std::array<std::atomic<std::uint32_t>, kCounters> turns_{};
};

}  // namespace parley::routing
