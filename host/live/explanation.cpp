#include "live/explanation.hpp"

#include <cmath>
#include <random>

#include <boost/json/array.hpp>

#include "base/nearest.hpp"
#include "http/loop.hpp"
#include "plugins/border.hpp"
#include "routing/explain.hpp"

namespace parley::live {

namespace json = boost::json;

using base::Result;
using routing::Explanation;

namespace {

json::object standing_of(const Explanation::Line& line, std::int64_t now_ms) {
    const routing::Standing& standing = line.standing;
    const bool tries = standing.reason == routing::Reason::kUsable && standing.is_half_open;
    json::object out{
        {"state",
         tries ? "may have recovered, one request tries it" : routing::words_of(standing.reason)}};
    if (standing.free_ms > now_ms) out["left_ms"] = standing.free_ms - now_ms;
    if (standing.error_class != 0) {
        constexpr const char* kOf[] = {"provider", "account", "model"};
        out["why"] = base::name_of(standing.error_class);
        out["of"] = kOf[standing.guilty];
    }
    if (!line.last_error.empty()) out["last_error"] = line.last_error;
    return out;
}

json::object in_json(const Explanation::Line& line, std::int64_t now_ms) {
    json::object out{{"provider", line.provider},
                     {"account", line.account},
                     {"model", line.model},
                     {"priority", line.priority},
                     {"weight", line.weight},
                     {"next", line.is_next},
                     {"in_flight", line.in_flight},
                     {"success_per_mille", line.success_per_mille}};
    if (line.content_ms > 0) out["content_ms"] = std::lround(line.content_ms);
    if (line.headroom != accounts::Health::kUntold) out["headroom"] = line.headroom;
    for (auto& [key, value] : standing_of(line, now_ms)) out[key] = std::move(value);
    return out;
}

json::array in_json(const pipeline::FilterChain& chain) {
    json::array all;
    for (const pipeline::FilterPtr& filter : chain.filters) {
        all.push_back({{"name", filter->name()},
                       {"missing", filter->is_missing()},
                       {"reads_requests", !filter->is_missing() && filter->wants_requests()},
                       {"hears_replies", !filter->is_missing() && filter->sees_events()},
                       {"passes_on_error", filter->passes_on_error()}});
    }
    return all;
}

json::object in_json(const Explanation& why, std::int64_t now_ms) {
    const routing::RouteTerms& terms = why.terms;
    json::array next_step_on;
    for (const int c : terms.next_step_on) next_step_on.push_back(base::name_of(c));
    json::array steps;
    for (const auto& step : why.steps) {
        json::array lines;
        for (const Explanation::Line& line : step) lines.push_back(in_json(line, now_ms));
        steps.push_back(std::move(lines));
    }
    json::object out{{"route", terms.route},
                     {"prefix", why.prefix},
                     {"policy", terms.policy},
                     {"strict", terms.strict},
                     {"lenient", terms.lenient},
                     {"next_step_on", std::move(next_step_on)},
                     {"steps", std::move(steps)}};
    if (!why.rejection.empty()) out["rejected"] = why.rejection;
    return out;
}

Result<const accounts::Caller*> caller_of(const pipeline::World& world, const std::string& key) {
    if (key.empty()) return nullptr;
    if (const accounts::Caller* known = world.callers.find_by_name(key)) return known;
    std::vector<std::string> names;
    world.callers.each([&](const accounts::Caller& caller) { names.push_back(caller.name); });
    std::string why = "no client key in force has the name \"" + key + '"';
    const auto near = base::nearest(key, names, 1);
    if (!near.empty()) why += "; did you mean \"" + near.front() + '"';
    return base::client_error(PARLEY_E_NOT_FOUND, why);
}

}  // namespace

Result<json::object> explanation(const pipeline::World& world,
                                 const std::string& model,
                                 const std::string& key) {
    const auto caller = caller_of(world, key);
    if (!caller) return caller.error();
    routing::Ask ask;
    ask.now_ms = static_cast<std::int64_t>(http::Loop::clock_ms());
    ask.random = std::random_device()();
    auto exchange = plugins::sized<parley_exchange>();
    exchange.operation = PARLEY_OPERATION_GENERATE;
    exchange.id = plugins::str("explain");
    exchange.caller = plugins::str(key);
    exchange.model = plugins::str(model);
    ask.exchange = &exchange;
    const Explanation why = routing::explain(world.router, model, *caller, ask);
    if (why.error) return json::object{{"refused", why.error->message}};
    json::object out = in_json(why, ask.now_ms);
    if (const auto* chain = world.filters.of(why.terms.route); chain != nullptr) {
        out["filters"] = in_json(*chain);
        out["replies_are_decoded"] = chain->sees_events;
    }
    return out;
}

}  // namespace parley::live
