// micro/filters.cpp: what a call into a plugin costs, and an event on its way through filters.
//
// `allocs` is what one event takes with new.
#include <memory>
#include <stdexcept>
#include <vector>

#include <benchmark/benchmark.h>

#include "pipeline/filtering.hpp"
#include "plugins/catalogue.hpp"
#include "support/allocations.hpp"
#include "support/crossings.hpp"

namespace {

using namespace parley;
using pipeline::Filtering;

constexpr std::size_t kBytesMax = 1 << 30;

// Instances of the one that redacts; none of the texts here has its pattern in it.
pipeline::FilterChain chain_of(std::int64_t size) {
    static const auto services = std::make_shared<plugins::HostServices>();
    static const plugins::Catalogue catalogue = [] {
        plugins::LoadOptions options;
        options.services = services;
        return plugins::Catalogue::scan({PARLEY_PLUGIN_FOLDER}, options);
    }();
    const auto found = catalogue.find(PARLEY_KIND_FILTER, "example-filter");
    if (!found) throw std::runtime_error("example-filter is not loaded");
    pipeline::FilterChain chain;
    for (std::int64_t i = 0; i < size; ++i) {
        plugins::Instance::Faults faults;
        boost::json::object settings{{"pattern", "Project Lark"}};
        auto instance = plugins::Instance::make(
            found.library, services, *found.component, "redactor", settings, faults);
        if (instance == nullptr) throw std::runtime_error(faults.front().message);
        auto filter = plugins::Filter::make(std::move(instance), false);
        if (!filter) throw std::runtime_error(filter.error().message);
        chain.add(std::move(*filter));
    }
    return chain;
}

// Where events end.
class Nowhere final : public Filtering::Outlet {
public:
    parley_status pass(const parley_event& event) override {
        benchmark::DoNotOptimize(event.text.ptr);
        return PARLEY_OK;
    }
};

// A delta of so many bytes through so many filters.
void event_through(benchmark::State& state) {
    const pipeline::FilterChain chain = chain_of(state.range(0));
    base::Arena arena(kBytesMax);
    auto exchange = plugins::sized<parley_exchange>();
    auto open = plugins::sized<parley_filter_open>();
    open.exchange = &exchange;
    open.arena = arena.border();
    Filtering filtering(chain, open, arena);
    if (const auto begun = filtering.begin(); !begun) {
        state.SkipWithError(begun.error().message.c_str());
    }
    const std::vector<parley_event> events = support::reply(support::Said::text, 1);
    Nowhere outlet;
    for (std::size_t i = 0; i < support::kFirstDelta; ++i) filtering.take(events[i], outlet);
    const std::string text(static_cast<std::size_t>(state.range(1)), 'x');
    parley_event delta = events[support::kFirstDelta - 1];
    delta.type = PARLEY_EVENT_TEXT_DELTA;
    delta.text = plugins::str(text);
    delta.name = delta.extra = {};
    delta.a = delta.b = 0;
    const std::size_t before = support::allocations();
    for (auto _ : state) {
        if (filtering.take(delta, outlet) < 0) {
            state.SkipWithError(filtering.failure()->message.c_str());
        }
    }
    const auto taken = static_cast<double>(support::allocations() - before);
    state.counters["allocs"] = taken / static_cast<double>(state.iterations());
}

// The least that a call across the border costs, with the note of it in the black box.
void plugin_call(benchmark::State& state) {
    const pipeline::FilterChain chain = chain_of(1);
    base::Arena arena(kBytesMax);
    auto exchange = plugins::sized<parley_exchange>();
    auto open = plugins::sized<parley_filter_open>();
    open.exchange = &exchange;
    open.arena = arena.border();
    plugins::FilterSession session;
    if (!session.open(*chain.filters.front(), open)) state.SkipWithError("no session");
    auto sink = plugins::sized<parley_sink>();
    sink.emit = [](const parley_sink*, const parley_event*) -> parley_status { return PARLEY_OK; };
    auto event = plugins::sized<parley_event>();
    event.type = PARLEY_EVENT_PING;
    for (auto _ : state) benchmark::DoNotOptimize(session.event(event, &sink, arena));
}

BENCHMARK(plugin_call);
BENCHMARK(event_through)->ArgNames({"filters", "bytes"})->ArgsProduct({{0, 1, 4}, {4, 64}});

}  // namespace
