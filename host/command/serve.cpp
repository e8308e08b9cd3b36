// command/serve.cpp: the server, from start to drain.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <malloc.h>

#include "base/clock.hpp"
#include "base/core_dump.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/greeting.hpp"
#include "command/setup.hpp"
#include "http/local.hpp"
#include "live/plugins.hpp"
#include "live/questions.hpp"
#include "live/reload.hpp"
#include "live/stock.hpp"
#include "manage/control.hpp"
#include "supervisor/crash.hpp"
#include "supervisor/parent.hpp"
#include "supervisor/supervisor.hpp"

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

// Stores bring large libraries along, and one of them is used.
bool is_another_store(const plugins::Manifest& manifest, const std::string& store) {
    const std::vector<std::string>& offered = manifest.components;
    const bool is_store = manifest.kinds == std::vector<std::string>{"store"};
    return is_store && !offered.empty() &&
           std::find(offered.begin(), offered.end(), store) == offered.end();
}

// Nobody can ask when that fails, and all else goes on.
std::unique_ptr<http::LocalListener> listen_for_questions(http::Loop& loop,
                                                          const config::Config& config,
                                                          manage::Control& control,
                                                          const supervisor::Parent& parent) {
    const auto serve = [&control](http::Stream::Ptr stream) {
        return control.serve(std::move(stream));
    };
    auto bound = http::LocalListener::bind(
        loop, control_path(config.state_folder, parent.seat()), serve, !parent.is_first());
    if (bound) return std::move(*bound);
    base::log(LogLevel::warn, "no control socket", {{"why", bound.error().message}});
    return nullptr;
}

// The file that it began with: when that is gone, it is missed, and not taken for one that never
// was.
Options following(Options options, const Setup& setup) {
    if (!setup.file.empty()) options.config = setup.file;
    return options;
}

// The program as it is on disk, also when another one has taken its place.
std::string this_program() {
    std::error_code fault;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", fault);
    return path.string();
}

int work(const Options& options, supervisor::Parent& parent) {
    const std::int64_t read_ms = base::wall_ms();
    const Setup setup = read_configuration(options, true);
    if (!report(setup.loaded, setup.file)) return 1;
    const config::Config& config = setup.loaded.config;
    if (config.server.core_dumps) base::allow_core_dumps();
    parent.say("log", config.log.level + (config.log.format == "json" ? " json" : " text"));
    base::set_up_log({base::log_level_of(config.log.level), config.log.format == "json"});
    keep_freed_memory();

    if (parent.link() < 0 && config.supervisor.processes > 1) {
        base::log(LogLevel::warn,
                  "supervisor.processes: without a supervisor there is one process");
    }
    count_crashes(config, parent.crashes());
    const auto services = make_services();
    const auto departures = std::make_shared<live::Departures>();
    live::House house(services, parent);
    live::Rehearsal rehearsal;
    const auto options_of = [&](const config::Config& now) {
        plugins::LoadOptions loading = load_options(now, services);
        loading.is_unasked = [store = now.store.plugin](const plugins::Manifest& manifest) {
            return is_another_store(manifest, store);
        };
        rehearse(now, loading, rehearsal);
        return live::heard(std::move(loading), departures);
    };
    auto catalogue = std::make_shared<plugins::Catalogue>(load_plugins(config, options_of(config)));
    auto stock = live::Stock::open(config, *catalogue, services, parent);
    if (!stock) {
        std::cerr << stock.error().message << '\n';
        departures->is_end = true;
        return 1;
    }
    pipeline::Stored stored = *stock == nullptr ? pipeline::Stored() : (*stock)->stored();
    live::Inputs inputs{config, std::move(catalogue), std::move(stored)};
    for (const config::Fault& fault : house.change(std::move(inputs))) {
        std::cerr << fault.text(setup.file) << '\n';
    }
    if (!house.is_built()) {
        departures->is_end = true;
        return 1;
    }
    live::Plugins plugins(house, options_of, plugin_folders, departures);
    live::Reload reload(
        house,
        [options = following(options, setup)] { return read_configuration(options, false).loaded; },
        [&plugins] {
            plugins.follow();
            plugins.look();
        },
        // What was written just now nobody has changed yet.
        setup.created ? base::wall_ms() : read_ms);
    manage::Control control;
    live::add_questions(control, house, reload, plugins, stock->get());
    const auto listener = listen_for_questions(house.control(), config, control, parent);
    house.open_doors();
    if (parent.is_first()) greet(config, setup, house.addresses().front());
    if (*stock != nullptr) (*stock)->serve(house);
    parent.say("ready");
    house.run();
    const bool is_told = house.world()->observers.threads()->finish();
    const bool is_let_go = (*stock == nullptr || (*stock)->close()) && is_told;
    base::log(LogLevel::info, "stopped");
    // A thread that a plugin holds would meet what the end of the process takes apart.
    if (!is_let_go) std::_Exit(0);
    return 0;
}

}  // namespace

int serve(const Options& options) {
    // Who reads the log may leave.
    std::signal(SIGPIPE, SIG_IGN);
    if (!options.worker.empty()) {
        auto parent = supervisor::Parent::meet(options.worker);
        if (!parent) {
            base::log(LogLevel::error, "no worker", {{"why", parent.error().message}});
            return 1;
        }
        supervisor::mark_crashes();
        return work(options, *parent);
    }
    if (!options.is_alone) {
        return supervisor::Supervisor(this_program(), options.arguments).run();
    }
    supervisor::Parent none;
    return work(options, none);
}

}  // namespace parley::command
