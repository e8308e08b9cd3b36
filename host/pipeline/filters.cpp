#include "pipeline/filters.hpp"

#include <algorithm>

namespace parley::pipeline {

void FilterChain::add(FilterPtr filter) {
    const bool is_idle = !filter->wants_requests() && !filter->sees_events();
    if (is_idle || std::find(filters.begin(), filters.end(), filter) != filters.end()) return;
    wants_requests = wants_requests || filter->wants_requests();
    sees_events = sees_events || filter->sees_events();
    filters.push_back(std::move(filter));
}

Filters::Filters(const std::vector<FilterPtr>& all, const config::Config& config) {
    const auto add = [&](const std::string& name, FilterChain& to) {
        for (const FilterPtr& filter : all) {
            if (filter->name() == name) to.add(filter);
        }
    };
    for (const config::Filter& filter : config.filters) {
        if (filter.everywhere) add(filter.name, everywhere_);
    }
    for (const config::Route& route : config.routes) {
        if (route.filters.empty()) continue;
        FilterChain& chain = of_routes_.emplace(route.model, everywhere_).first->second;
        for (const std::string& name : route.filters) add(name, chain);
    }
}

const FilterChain* Filters::of(std::string_view route) const {
    const FilterChain* chain = &everywhere_;
    if (!of_routes_.empty()) {
        const auto found = of_routes_.find(route);
        if (found != of_routes_.end()) chain = &found->second;
    }
    return chain->filters.empty() ? nullptr : chain;
}

}  // namespace parley::pipeline
