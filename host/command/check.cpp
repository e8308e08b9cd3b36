// command/check.cpp: is this configuration good? Everything that serve would find is found here.
#include <iostream>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/setup.hpp"
#include "pipeline/make_world.hpp"
#include "store/make_store.hpp"

namespace parley::command {

using base::counted;

int check(const Options& options) {
    const Setup setup = read_configuration(options, false);
    const bool readable = report(setup.loaded, setup.file);
    if (!readable) return 1;
    base::set_up_log({base::LogLevel::error, false});
    const auto services = make_services();
    const plugins::Catalogue catalogue = load_plugins(setup.loaded.config, services);
    pipeline::MadeWorld made = pipeline::make_world(setup.loaded.config, catalogue, services);
    store::make_store(setup.loaded.config, catalogue, services, made.faults);
    for (const config::Fault& fault : made.faults) std::cerr << fault.text(setup.file) << '\n';
    if (!made.faults.empty()) return 1;
    const pipeline::World& world = *made.world;
    std::cout << (setup.file.empty() ? "defaults and environment" : setup.file) << ": good, "
              << counted(world.registry.dialects().size(), "dialect") << ", "
              << counted(world.router.places().size(), "provider") << ", "
              << counted(world.config.client_keys.size(), "client key") << '\n';
    return 0;
}

}  // namespace parley::command
