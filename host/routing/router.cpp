#include "routing/router.hpp"

#include <algorithm>

#include "base/glob.hpp"
#include "base/nearest.hpp"
#include "config/routes.hpp"

namespace parley::routing {

using base::Result;

struct Router::Kept {
    std::shared_ptr<const Course> course;
    Kept* next = nullptr;
};

namespace {

std::size_t hash_of(std::string_view model) {
    return std::hash<std::string_view>()(model);
}

}  // namespace

Pool::PolicyOf built_in_policy(std::string_view name) {
    const MakePolicy make = find_policy(name);
    return make == nullptr ? Pool::PolicyOf() : Pool::PolicyOf(make);
}

std::vector<config::Fault> faults_of_policies(const config::Config& config,
                                              const FindPolicy& find) {
    std::vector<config::Fault> faults;
    const auto check = [&](const std::string& name, const config::Position& at, std::string path) {
        if (name.empty() || find(name)) return;
        std::string message = "no policy has the name \"" + name + '"';
        const auto near = base::nearest(name, policy_names(), 1);
        if (!near.empty()) message += "; did you mean \"" + near.front() + '"';
        faults.push_back({at, std::move(path), std::move(message)});
    };
    check(config.routing.policy, {}, "routing.policy");
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        const config::Route& route = config.routes[i];
        check(route.policy, route.position, "route[" + std::to_string(i) + "].policy");
    }
    return faults;
}

Router::Router(std::vector<Place> places,
               const config::Config& config,
               FindPolicy find_policy,
               std::shared_ptr<Affinity> affinity)
    : places_(std::move(places)),
      settings_(std::make_unique<config::Routing>(config.routing)),
      find_policy_(std::move(find_policy)),
      affinity_(std::move(affinity)) {
    if (affinity_ == nullptr) {
        const config::RoutingLimits& limits = settings_->limits;
        affinity_ = std::make_shared<Affinity>(limits.affinity_bytes_max, limits.affinity_ms);
    }
    for (const config::Route& route : config.routes) add_route(route);
    std::stable_sort(by_pattern_.begin(), by_pattern_.end(), [](const auto& a, const auto& b) {
        return a.first.size() > b.first.size();
    });
    for (const Place& place : places_) {
        for (const auto& account : place.accounts) {
            if (!account.prefix.empty()) prefixes_.push_back(account.prefix);
        }
    }
    std::sort(prefixes_.begin(), prefixes_.end());
    prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
    list();
}

std::shared_ptr<Affinity> Router::affinity_for(const config::Routing& other) const {
    const config::RoutingLimits& own = settings_->limits;
    const bool is_same = own.affinity_bytes_max == other.limits.affinity_bytes_max &&
                         own.affinity_ms == other.limits.affinity_ms;
    return is_same ? affinity_ : nullptr;
}

Router::~Router() {
    for (std::atomic<Kept*>& row : kept_) {
        for (Kept* kept = row.load(); kept != nullptr;) {
            const std::unique_ptr<Kept> gone(kept);
            kept = gone->next;
        }
    }
}

void Router::add_route(const config::Route& configured) {
    auto route = std::make_unique<Route>();
    for (const config::Target& target : configured.targets) {
        for (const Place& place : places_) {
            if (place.name != target.provider) continue;
            route->targets.push_back({&place, target.model, target.accounts, target.step});
        }
    }
    if (route->targets.empty()) return;
    std::stable_sort(route->targets.begin(),
                     route->targets.end(),
                     [](const auto& a, const auto& b) { return a.step < b.step; });
    route->terms.route = configured.model;
    route->terms.policy = configured.policy.empty() ? settings_->policy : configured.policy;
    route->terms.strict = configured.strict;
    route->terms.lenient = configured.lenient;
    route->terms.limits = configured.limits;
    for (const std::string& name : configured.next_step_on) {
        route->terms.next_step_on.push_back(config::class_of_next_step(name));
    }
    route->names = configured.aliases;
    route->names.insert(route->names.begin(), configured.model);
    for (const std::string& name : route->names) {
        if (base::is_pattern(name)) {
            by_pattern_.emplace_back(name, route.get());
        } else {
            by_name_.emplace(name, route.get());
        }
    }
    routes_.push_back(std::move(route));
}

void Router::list() {
    for (const auto& [model, route] : by_name_) {
        listed_.push_back({model, route->targets.front().place->name});
    }
    for (const Place& place : places_) {
        for (const std::string& model : place.models) {
            if (base::is_pattern(model) || !place.serves(model)) continue;
            listed_.push_back({model, place.name});
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
    if (const auto it = by_name_.find(model); it != by_name_.end()) return it->second;
    for (const auto& [pattern, route] : by_pattern_) {
        if (base::glob_matches(pattern, model)) return route;
    }
    return nullptr;
}

Router::Asked Router::read(std::string_view model) const {
    Asked asked{model, {}, nullptr};
    const std::size_t slash = model.find('/');
    const std::string_view front = model.substr(0, slash);
    const bool may_have_one = slash != std::string_view::npos && slash + 1 < model.size() &&
                              std::binary_search(prefixes_.begin(), prefixes_.end(), front);
    // What is called just that, a route or a model of some place, is meant.
    if (may_have_one && find_listed(model) == nullptr && !by_name_.contains(model)) {
        asked.prefix = front;
        asked.model = model.substr(slash + 1);
    }
    asked.route = find_route(asked.model);
    return asked;
}

// The names of a step's models are views into the routes or into asked.model.
Steps Router::steps_of(const Asked& asked) const {
    Steps steps;
    const auto add = [&](const Place& place, std::string_view model, const auto& labels) {
        for (const accounts::Account& account : place.accounts) {
            const bool is_asked =
                asked.prefix.empty() ? !account.is_prefix_required : account.prefix == asked.prefix;
            const bool is_meant = labels.empty() || base::any_matches(labels, account.label);
            if (account.disabled || !is_asked || !is_meant) continue;
            if (serves(account, model)) steps.back().push_back({&place, &account, model});
        }
    };
    if (asked.route == nullptr) {
        steps.emplace_back();
        for (const Place& place : places_) {
            if (place.serves(asked.model)) add(place, asked.model, std::vector<std::string>());
        }
        return steps;
    }
    std::uint64_t step = 0;
    for (const Target& target : asked.route->targets) {
        if (steps.empty() || target.step != step) steps.emplace_back();
        step = target.step;
        add(*target.place, target.model.empty() ? asked.model : target.model, target.labels);
    }
    return steps;
}

RouteTerms Router::terms_of(const Asked& asked) const {
    if (asked.route != nullptr) return asked.route->terms;
    RouteTerms terms;
    terms.policy = settings_->policy;
    return terms;
}

std::shared_ptr<Course> Router::make(std::string_view model) const {
    const RouteTerms terms = terms_of(read(model));
    Pool::PolicyOf policy_of = find_policy_(terms.policy);
    if (!policy_of) policy_of = built_in_policy(config::Routing().policy);
    return std::make_shared<Course>(
        model,
        terms,
        [this](std::string_view own) { return steps_of(read(own)); },
        policy_of,
        PoolSettings{settings_->limits, *affinity_});
}

const Router::Kept* Router::find_kept(std::string_view model) const {
    const Kept* kept = kept_[hash_of(model) % kRows].load(std::memory_order_acquire);
    while (kept != nullptr && kept->course->model() != model) kept = kept->next;
    return kept;
}

std::shared_ptr<const Course> Router::keep(std::shared_ptr<Course> course) const {
    const std::size_t bytes = course->bytes();
    if (kept_bytes_.fetch_add(bytes) + bytes > settings_->limits.pools_bytes_max) {
        kept_bytes_.fetch_sub(bytes);
        return course;
    }
    auto made = std::make_unique<Kept>();
    made->course = course;
    std::atomic<Kept*>& row = kept_[hash_of(course->model()) % kRows];
    made->next = row.load();
    do {
        // Two loops made the same one; the first counts, or its turns would be taken twice.
        if (const Kept* other = find_kept(course->model())) {
            kept_bytes_.fetch_sub(bytes);
            return other->course;
        }
    } while (!row.compare_exchange_weak(made->next, made.get(), std::memory_order_acq_rel));
    made.release();
    return course;
}

Result<std::shared_ptr<const Course>> Router::find(std::string_view model) const {
    if (const Kept* kept = find_kept(model)) return kept->course;
    std::shared_ptr<Course> made = make(model);
    if (made->steps().empty()) return unknown(model);
    return keep(std::move(made));
}

base::Error Router::unknown(std::string_view model) const {
    constexpr std::size_t kShownBytesMax = 128;
    constexpr std::size_t kNearestMax = 3;
    std::vector<std::string> names;
    for (const Listed& l : listed_) names.push_back(l.model);
    std::string text =
        "the model \"" + std::string(model.substr(0, kShownBytesMax)) + "\" is not served here";
    const Asked asked = read(model);
    const bool is_known =
        asked.route != nullptr || std::any_of(places_.begin(), places_.end(), [&](const Place& p) {
            return p.serves(asked.model);
        });
    if (is_known) {
        text += ": no account may serve it";
        if (!asked.prefix.empty()) text += " for \"" + std::string(asked.prefix) + '"';
        return base::client_error(PARLEY_E_NOT_FOUND, std::move(text), "model");
    }
    std::string separator = "; did you mean ";
    for (const std::string& name : base::nearest(model, names, kNearestMax)) {
        text += separator + '"' + name + '"';
        separator = " or ";
    }
    return base::client_error(PARLEY_E_NOT_FOUND, std::move(text), "model");
}

}  // namespace parley::routing
