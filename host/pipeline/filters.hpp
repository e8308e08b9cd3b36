// pipeline/filters.hpp: which filters an exchange passes. Immutable once made.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "plugins/filter.hpp"

namespace parley::pipeline {

using FilterPtr = std::shared_ptr<const plugins::Filter>;

// The filters of one route, in their order, and what they want together.
struct FilterChain {
    std::vector<FilterPtr> filters;  // those that want something
    bool wants_requests = false;
    bool sees_events = false;

    void add(FilterPtr filter);
};

class Filters {
public:
    // `all` are those that are there, by the names in the configuration.
    Filters(const std::vector<FilterPtr>& all, const config::Config& config);

    // Null: nobody wants to see anything.
    const FilterChain* of(std::string_view route) const;

private:
    FilterChain everywhere_;
    std::map<std::string, FilterChain, std::less<>> of_routes_;  // those that name some
};

}  // namespace parley::pipeline
