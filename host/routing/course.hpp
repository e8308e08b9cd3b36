// routing/course.hpp: the way of one model's requests: what its route says, and step by step who
// may serve it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.hpp"
#include "routing/pool.hpp"

namespace parley::routing {

// What a route says beside its targets.
struct RouteTerms {
    std::string route;   // the name or pattern in the configuration; empty: there is no route
    std::string policy;  // who picks
    bool strict = false;
    bool lenient = false;
    std::vector<int> next_step_on;  // PARLEY_E_*
    config::RouteLimits limits;
};

// Who may serve, step by step; models are views into the router, or into the name that was asked.
using Steps = std::vector<std::vector<Candidate>>;

class Course {
public:
    // `steps_of` is given the course's own copy of the name, so that views of it stay.
    Course(std::string_view model,
           RouteTerms terms,
           const std::function<Steps(std::string_view model)>& steps_of,
           const Pool::PolicyOf& policy_of,
           const PoolSettings& settings);

    // As asked.
    const std::string& model() const { return model_; }

    const RouteTerms& terms() const { return terms_; }

    // From ask.step on, the first step that has somebody; else why nobody of all these.
    Picked pick(const Ask& ask) const;

    // The account may serve it, whatever its health.
    bool knows(std::uint32_t account) const;

    // Some account of this provider may serve it.
    bool leads_to(const plugins::Instance& provider) const;

    // The step after `step` may help where this class of error came from it.
    bool falls_through(int error_class, std::size_t step) const;

    const std::vector<std::unique_ptr<Pool>>& steps() const { return steps_; }

    std::size_t bytes() const;

private:
    const std::string model_;
    const RouteTerms terms_;
    std::vector<std::unique_ptr<Pool>> steps_;
};

}  // namespace parley::routing
