// micro/reload.cpp: what it takes to load a plugin, to make it serve, and to let it go.
//
// CPU time of the control thread; meanwhile the loops go on. Loading copies, hashes, judges and
// opens the file; unloading proves that it is gone.
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "plugins/instance.hpp"
#include "plugins/library.hpp"

namespace {

using namespace parley;

const char* const kPlugins[] = {"example", "example-filter", "openai"};

double computed_s() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::shared_ptr<plugins::Library> loaded(benchmark::State& state, std::size_t& gone) {
    plugins::LoadOptions options;
    options.services = std::make_shared<plugins::HostServices>();
    options.unloaded = [&gone](const plugins::Unloaded& how) { gone += how.gone ? 1 : 0; };
    const std::string name = kPlugins[state.range(0)];
    state.SetLabel(name);
    auto library = plugins::Library::load(PARLEY_PLUGIN_FOLDER "/" + name + ".so", options);
    if (!library) throw std::runtime_error(library.error().message);
    return *library;
}

void load(benchmark::State& state) {
    std::size_t gone = 0;
    for (auto _ : state) {
        const double begin = computed_s();
        const auto library = loaded(state, gone);
        state.SetIterationTime(computed_s() - begin);
    }
}

void unload(benchmark::State& state) {
    std::size_t gone = 0;
    std::size_t all = 0;
    for (auto _ : state) {
        auto library = loaded(state, gone);
        ++all;
        const double begin = computed_s();
        library.reset();
        state.SetIterationTime(computed_s() - begin);
    }
    if (gone != all) state.SkipWithError("a library stayed in memory");
}

BENCHMARK(load)->DenseRange(0, 2)->UseManualTime();
BENCHMARK(unload)->DenseRange(0, 2)->UseManualTime();

}  // namespace
