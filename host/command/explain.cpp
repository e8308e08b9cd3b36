// command/explain.cpp: who would serve a model, and why.
#include "routing/explain.hpp"

#include <cmath>
#include <iostream>
#include <random>

#include "base/log.hpp"
#include "base/nearest.hpp"
#include "command/commands.hpp"
#include "command/setup.hpp"
#include "config/units.hpp"
#include "pipeline/make_world.hpp"

namespace parley::command {

namespace {

using routing::Explanation;

void print_standing(const Explanation::Line& line, std::int64_t now_ms, std::ostream& out) {
    const routing::Standing& standing = line.standing;
    const bool tries = standing.reason == routing::Reason::kUsable && standing.is_half_open;
    out << (tries ? "may have recovered, one request tries it" : words_of(standing.reason));
    if (standing.free_ms > now_ms) {
        const auto ms = static_cast<std::uint64_t>(standing.free_ms - now_ms);
        out << " for " << config::print_duration(ms);
    }
    if (standing.error_class != 0) {
        constexpr const char* kOf[] = {"provider", "account", "model"};
        out << " (" << base::name_of(standing.error_class) << ", of the " << kOf[standing.guilty]
            << ')';
    }
    if (!line.last_error.empty()) out << ": " << line.last_error;
}

void print(const Explanation::Line& line, std::int64_t now_ms, std::ostream& out) {
    out << (line.is_next ? "  > " : "    ") << line.provider;
    if (!line.account.empty()) out << '/' << line.account;
    out << "  " << line.model << "  priority " << line.priority << ", weight " << line.weight
        << "  ";
    print_standing(line, now_ms, out);
    if (line.in_flight != 0) out << ", " << line.in_flight << " under way";
    if (line.success_per_mille != 1000) out << ", " << line.success_per_mille / 10 << " % succeed";
    if (line.content_ms > 0)
        out << ", first content after " << std::lround(line.content_ms) << "ms";
    if (line.headroom != accounts::Health::kUntold) out << ", headroom " << line.headroom;
    out << '\n';
}

void print(const Explanation& why, std::int64_t now_ms, std::ostream& out) {
    const routing::RouteTerms& terms = why.terms;
    out << (terms.route.empty() ? "no route" : "route \"" + terms.route + '"');
    if (!why.prefix.empty()) out << ", accounts of \"" << why.prefix << '"';
    out << ", policy " << terms.policy << (terms.strict ? ", strict" : "")
        << (terms.lenient ? ", lenient" : "") << '\n';
    for (std::size_t i = 0; i < why.steps.size(); ++i) {
        out << "step " << i + 1;
        if (i != 0) {
            out << ": when all before it are used up";
            for (const int c : terms.next_step_on) out << ", or on " << base::name_of(c);
        }
        out << '\n';
        for (const Explanation::Line& line : why.steps[i]) print(line, now_ms, out);
    }
}

// What filters make of a request where client and upstream speak the same dialect; otherwise it is
// translated in any case.
void print(const pipeline::FilterChain& chain, std::ostream& out) {
    for (const pipeline::FilterPtr& filter : chain.filters) {
        out << "filter " << filter->name() << ": ";
        if (filter->is_missing()) {
            out << "not loaded; requests are refused\n";
            continue;
        }
        out << (filter->wants_requests() ? "reads requests" : "")
            << (filter->wants_requests() && filter->sees_events() ? ", " : "")
            << (filter->sees_events() ? "hears replies" : "") << "; what it fails on "
            << (filter->passes_on_error() ? "goes on without it" : "is refused") << '\n';
    }
    out << (chain.sees_events
                ? "no reply is relayed: filters hear it event by event, so it is decoded and "
                  "written again\n"
                : "requests are decoded for filters, and relayed as they came when none of them "
                  "changes anything\n");
}

// False when there is no such key.
bool find_caller(const config::Config& config, const std::string& name, accounts::Caller& caller) {
    std::vector<std::string> names;
    for (const config::ClientKey& key : config.client_keys) {
        names.push_back(key.name);
        if (key.name != name) continue;
        caller = accounts::Caller(key);
        return true;
    }
    std::cerr << "no client key has the name \"" << name << '"';
    const auto near = base::nearest(name, names, 1);
    if (!near.empty()) std::cerr << "; did you mean \"" << near.front() << '"';
    std::cerr << '\n';
    return false;
}

}  // namespace

int explain(const Options& options) {
    const Setup setup = read_configuration(options, false);
    if (!report(setup.loaded, setup.file)) return 1;
    base::set_up_log({base::LogLevel::error, false});
    const auto services = make_services();
    const plugins::Catalogue catalogue = load_plugins(setup.loaded.config, services);
    const pipeline::MadeWorld made = pipeline::make_world(setup.loaded.config, catalogue, services);
    for (const config::Fault& fault : made.faults) std::cerr << fault.text(setup.file) << '\n';
    if (made.world == nullptr) return 1;
    accounts::Caller caller;
    const bool is_someone = !options.key.empty();
    if (is_someone && !find_caller(setup.loaded.config, options.key, caller)) return 1;
    routing::Ask ask;
    ask.now_ms = 1;
    ask.random = std::random_device()();
    const Explanation why =
        routing::explain(made.world->router, options.model, is_someone ? &caller : nullptr, ask);
    if (why.error) {
        std::cout << why.error->message << '\n';
        return 1;
    }
    print(why, ask.now_ms, std::cout);
    const pipeline::FilterChain* chain = made.world->filters.of(why.terms.route);
    if (chain != nullptr) print(*chain, std::cout);
    return 0;
}

}  // namespace parley::command
