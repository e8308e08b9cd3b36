// command/serve.cpp: the server, from start to drain.
#include <csignal>
#include <iostream>
#include <malloc.h>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/greeting.hpp"
#include "command/setup.hpp"
#include "live/reload.hpp"

namespace parley::command {

using base::LogLevel;

namespace {

// Bodies come and go: memory of their size is kept for the next one instead of being given back to
// the system, which would clear every page of it again.
void keep_freed_memory() {
    constexpr int kKeptBytes = 8 * 1024 * 1024;
    constexpr int kMappedFromBytes = 1024 * 1024;
    ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
    ::mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
}

}  // namespace

int serve(const Options& options) {
    const Setup setup = read_configuration(options, true);
    if (!report(setup.loaded, setup.file)) return 1;
    const config::Config& config = setup.loaded.config;
    base::set_up_log({base::log_level_of(config.log.level), config.log.format == "json"});
    std::signal(SIGPIPE, SIG_IGN);
    keep_freed_memory();

    const auto services = make_services();
    live::House house(services);
    auto catalogue = std::make_shared<plugins::Catalogue>(load_plugins(config, services));
    for (const config::Fault& fault : house.change({config, std::move(catalogue)})) {
        std::cerr << fault.text(setup.file) << '\n';
    }
    if (!house.is_open()) return 1;
    live::Reload reload(house, [options] { return read_configuration(options, false).loaded; });
    greet(config, setup, house.addresses().front());
    house.run();
    base::log(LogLevel::info, "stopped");
    return 0;
}

}  // namespace parley::command
