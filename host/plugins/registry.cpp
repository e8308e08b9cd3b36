#include "plugins/registry.hpp"

#include <algorithm>
#include <compare>

namespace parley::plugins {

namespace {

constexpr std::string_view kModel = "{model}";

std::size_t common_prefix(std::string_view a, std::string_view b) {
    const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(ends.first - a.begin());
}

}  // namespace

Registry::Registry(std::vector<std::shared_ptr<Instance>> dialects) {
    const auto id = [](const std::shared_ptr<Instance>& i) { return view(i->component().id); };
    std::sort(dialects.begin(), dialects.end(), [&](const auto& a, const auto& b) {
        return id(a) < id(b);
    });
    for (auto& instance : dialects) {
        dialects_.push_back(std::make_unique<Dialect>(std::move(instance)));
        const Dialect* dialect = dialects_.back().get();
        for (const parley_route& route : dialect->routes()) {
            const std::string_view path = view(route.path);
            const std::size_t hole = path.find(kModel);
            if (hole == path.npos) {
                literal_.emplace(path, Match{dialect, &route, {}});
            } else {
                const std::string_view after = path.substr(hole + kModel.size());
                patterns_.push_back({path.substr(0, hole), after, {dialect, &route, {}}});
            }
        }
    }
}

const Dialect* Registry::find(std::string_view id) const {
    for (const auto& dialect : dialects_) {
        if (dialect->id() == id) return dialect.get();
    }
    return nullptr;
}

bool Registry::fits(const Pattern& pattern, std::string_view path, std::string_view& model) {
    const std::size_t fixed = pattern.before.size() + pattern.after.size();
    if (path.size() <= fixed || !path.starts_with(pattern.before)) return false;
    if (!path.ends_with(pattern.after)) return false;
    model = path.substr(pattern.before.size(), path.size() - fixed);
    return true;
}

void Registry::match(std::string_view method,
                     std::string_view path,
                     std::vector<Match>& out) const {
    const auto [begin, end] = literal_.equal_range(path);
    for (auto it = begin; it != end; ++it) {
        if (view(it->second.route->method) == method) out.push_back(it->second);
    }
    if (!out.empty()) return;
    for (const Pattern& pattern : patterns_) {
        std::string_view model;
        if (view(pattern.match.route->method) != method || !fits(pattern, path, model)) continue;
        out.push_back({pattern.match.dialect, pattern.match.route, model});
    }
}

bool Registry::knows_path(std::string_view path, std::string& allowed) const {
    const auto add = [&](const parley_route& route) {
        const std::string_view method = view(route.method);
        if (allowed.find(method) != allowed.npos) return;
        if (!allowed.empty()) allowed += ", ";
        allowed += method;
    };
    const auto [begin, end] = literal_.equal_range(path);
    for (auto it = begin; it != end; ++it) add(*it->second.route);
    for (const Pattern& pattern : patterns_) {
        std::string_view model;
        if (fits(pattern, path, model)) add(*pattern.match.route);
    }
    return !allowed.empty();
}

const Dialect* Registry::nearest(const parley_http_request& request) const {
    struct Fit {
        std::size_t prefix = 0;
        std::uint32_t least = UINT32_MAX;  // of the routes with that prefix
        std::uint32_t most = 0;

        auto operator<=>(const Fit&) const = default;
    };

    const Dialect* best = nullptr;
    Fit best_fit;
    for (const auto& dialect : dialects_) {
        Fit fit;
        auto call = sized<parley_call>();
        call.http = &request;
        for (const parley_route& route : dialect->routes()) {
            const std::size_t length = common_prefix(view(route.path), view(request.path));
            if (length > fit.prefix) fit = {length};
            if (length != fit.prefix) continue;
            call.route = route.number;
            call.operation = route.operation;
            const std::uint32_t score = dialect->match(call);
            fit.least = std::min(fit.least, score);
            fit.most = std::max(fit.most, score);
        }
        if (best != nullptr && fit <= best_fit) continue;
        best = dialect.get();
        best_fit = fit;
    }
    return best;
}

}  // namespace parley::plugins
