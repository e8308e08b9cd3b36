// plugins/registry.hpp: which dialects there are and what they listen on. Immutable once made.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugins/border.hpp"

namespace parley::plugins {

class Registry {
public:
    explicit Registry(std::vector<std::shared_ptr<Instance>> dialects);

    struct Match {
        const Dialect* dialect = nullptr;
        const parley_route* route = nullptr;
        std::string_view path_model;  // percent-encoding kept
    };

    // Everyone who claims method and path, the dialects in the order of their ids.
    void match(std::string_view method, std::string_view path, std::vector<Match>& out) const;
    // Whether some dialect knows the path under another method; `allowed` names the methods.
    bool knows_path(std::string_view path, std::string& allowed) const;
    // The dialect whose errors a request for an unknown path gets: the one with the nearest path;
    // of several the one whose routes there fit the request's headers best.
    const Dialect* nearest(const parley_http_request& request) const;

    // Null when there is none of this id.
    const Dialect* find(std::string_view id) const;

    const std::vector<std::unique_ptr<Dialect>>& dialects() const { return dialects_; }

private:
    struct Pattern {
        std::string_view before;  // "{model}"
        std::string_view after;
        Match match;
    };

    static bool fits(const Pattern& pattern, std::string_view path, std::string_view& model);

    std::vector<std::unique_ptr<Dialect>> dialects_;
    std::unordered_multimap<std::string_view, Match> literal_;  // by path
    std::vector<Pattern> patterns_;
};

}  // namespace parley::plugins
