// routing/router.hpp: the model that was asked for -> who may serve it.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"
#include "config/load.hpp"
#include "routing/affinity.hpp"
#include "routing/course.hpp"
#include "routing/place.hpp"

namespace parley::routing {

// A policy by its name; empty for a name that nobody knows.
using FindPolicy = std::function<Pool::PolicyOf(std::string_view name)>;

// Those that are built in.
Pool::PolicyOf built_in_policy(std::string_view name);

// What the configuration calls policies and nobody knows.
std::vector<config::Fault> faults_of_policies(const config::Config& config, const FindPolicy& find);

// Immutable but for the courses, which are made when a model is first asked for and then stay.
class Router {
public:
    // Routes that name a provider which is not there are dropped, and policies that nobody knows
    // are replaced by a built-in one; configuration has checked both.
    Router(std::vector<Place> places,
           const config::Config& config,
           FindPolicy find_policy = built_in_policy,
           std::shared_ptr<Affinity> affinity = nullptr);
    ~Router();

    // The way of a model's requests; valid as long as the router.
    base::Result<std::shared_ptr<const Course>> find(std::string_view model) const;

    struct Listed {
        std::string model;
        std::string owner;
    };

    // The models that have a name (patterns have none), sorted.
    const std::vector<Listed>& listed() const { return listed_; }

    const Listed* find_listed(std::string_view model) const;

    // The prefix of accounts that the name begins with; empty when it has none.
    std::string_view prefix_of(std::string_view model) const { return read(model).prefix; }

    const std::vector<Place>& places() const { return places_; }

    // Where conversations are, for the router of another configuration; null when that keeps them
    // otherwise.
    std::shared_ptr<Affinity> affinity_for(const config::Routing& other) const;

private:
    struct Target {
        const Place* place;
        std::string model;
        std::vector<std::string> labels;  // patterns of accounts; empty: all
        std::uint64_t step;
    };

    struct Route {
        RouteTerms terms;
        std::vector<Target> targets;  // by step
        std::vector<std::string> names;
    };

    // A name as it was asked, taken apart.
    struct Asked {
        std::string_view model;
        std::string_view prefix;       // of accounts; empty: none
        const Route* route = nullptr;  // null: by what places offer
    };

    struct Kept;

    void add_route(const config::Route& configured);
    void list();
    const Route* find_route(std::string_view model) const;
    Asked read(std::string_view model) const;
    Steps steps_of(const Asked& asked) const;
    std::shared_ptr<Course> make(std::string_view model) const;
    RouteTerms terms_of(const Asked& asked) const;
    const Kept* find_kept(std::string_view model) const;
    std::shared_ptr<const Course> keep(std::shared_ptr<Course> course) const;
    base::Error unknown(std::string_view model) const;

    std::vector<Place> places_;
    std::unique_ptr<const config::Routing> settings_;  // courses refer to it
    std::vector<std::unique_ptr<Route>> routes_;
    std::map<std::string, const Route*, std::less<>> by_name_;
    std::vector<std::pair<std::string, const Route*>> by_pattern_;  // the longest first
    std::vector<std::string> prefixes_;                             // of accounts; sorted
    std::vector<Listed> listed_;
    FindPolicy find_policy_;
    std::shared_ptr<Affinity> affinity_;

    // Courses by their model's hash: read without locks, only ever added to.
    static constexpr std::size_t kRows = 1024;
    mutable std::array<std::atomic<Kept*>, kRows> kept_{};
    mutable std::atomic<std::uint64_t> kept_bytes_{0};
};

}  // namespace parley::routing
