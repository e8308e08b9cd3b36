#include "command/setup.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "config/write.hpp"
#include "plugins/quarantine.hpp"
#include "supervisor/crash.hpp"

namespace parley::command {

namespace fs = std::filesystem;

namespace {

std::string variable(const config::Environment& environment, const char* name) {
    const std::string* value = environment.find(name);
    return value == nullptr ? "" : *value;
}

// What the command line or the environment says, or empty.
std::string chosen_state_folder(const Options& options, const config::Environment& environment) {
    return options.state.empty() ? variable(environment, "PARLEY_STATE") : options.state;
}

fs::path state_folder(const Options& options, const config::Environment& environment) {
    const std::string chosen = chosen_state_folder(options, environment);
    if (!chosen.empty()) return chosen;
    return config::state_folder_of(environment);
}

// Writes the first configuration, readable by its owner only. 0, or why it cannot be written: then
// nothing is left of it.
int write_starter(const fs::path& file) {
    std::error_code fault;
    // A folder that was there before keeps its mode: it may be shared.
    const bool is_made = fs::create_directories(file.parent_path(), fault);
    if (is_made) ::chmod(file.parent_path().c_str(), 0700);
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fault ? fault.value() : errno;
    const std::string text = config::starter_config(config::new_client_key());
    const ssize_t size = ::write(fd, text.data(), text.size());
    int why = size < 0 ? errno : size != static_cast<ssize_t>(text.size()) ? ENOSPC : 0;
    if (::close(fd) != 0 && why == 0) why = errno;
    if (why != 0) ::unlink(file.c_str());
    return why;
}

std::string not_written(int why) {
    return std::string("cannot be written: ") + std::strerror(why) +
           "; what the environment says is used, and defaults";
}

// Whoever builds there wants to see the outcome at once. The last folder wins.
void follow_builds(const std::string& folder, config::Config& config) {
    constexpr std::uint64_t kQuietMs = 50;
    constexpr std::uint64_t kWaitMaxMs = 500;
    config::Plugins& plugins = config.plugins;
    if (plugins.folders.empty()) {
        plugins.folders.push_back((fs::path(config.state_folder) / "plugins").string());
    }
    plugins.folders.push_back(folder);
    plugins.watch = true;
    plugins.limits.quiet_ms = kQuietMs;
    plugins.limits.wait_max_ms = kWaitMaxMs;
    plugins.limits.cool_ms = 0;
}

plugins::Quarantine quarantine_of(const config::Config& config) {
    const config::SupervisorLimits& limits = config.supervisor;
    return {(fs::path(config.state_folder) / "quarantine.json").string(),
            {limits.crashes_max, limits.crash_window_ms}};
}

}  // namespace

Setup read_configuration(const Options& options, bool create) {
    Setup setup;
    std::optional<config::Fault> unwritten;
    const config::Environment environment = config::process_environment();
    fs::path file = options.config;
    if (file.empty()) file = variable(environment, "PARLEY_CONFIG");
    if (file.empty()) {
        file = state_folder(options, environment) / "parley.toml";
        std::error_code fault;
        if (!fs::exists(file, fault)) {
            const int why = create ? write_starter(file) : 0;
            setup.created = create && why == 0;
            const bool is_others = why == EEXIST;  // made by another start since
            if (why != 0 && !is_others) unwritten = {{}, "", not_written(why), file.string()};
            if (!setup.created && !is_others) file.clear();
        }
    }
    setup.file = file.string();
    setup.loaded = config::load(setup.file, environment);
    if (unwritten) setup.loaded.warnings.push_back(std::move(*unwritten));
    const std::string state = chosen_state_folder(options, environment);
    if (!state.empty()) setup.loaded.config.state_folder = state;
    if (!options.dev_plugins.empty()) follow_builds(options.dev_plugins, setup.loaded.config);
    return setup;
}

bool report(const config::Loaded& loaded, const std::string& file) {
    for (const config::Fault& warning : loaded.warnings) {
        std::cerr << "warning: " << warning.text(file) << '\n';
    }
    for (const config::Fault& fault : loaded.faults) std::cerr << fault.text(file) << '\n';
    return loaded.faults.empty();
}

std::string bundled_folder() {
    std::error_code fault;
    const fs::path program = fs::read_symlink("/proc/self/exe", fault);
    return (program.parent_path().parent_path() / "lib" / "parley" / "plugins").string();
}

std::vector<std::string> plugin_folders(const config::Config& config) {
    std::vector<std::string> folders{bundled_folder()};
    if (config.plugins.folders.empty()) {
        folders.push_back((fs::path(config.state_folder) / "plugins").string());
    }
    folders.insert(folders.end(), config.plugins.folders.begin(), config.plugins.folders.end());
    return folders;
}

void count_crashes(const config::Config& config, const std::vector<supervisor::Crash>& crashes) {
    if (crashes.empty()) return;
    using std::chrono::milliseconds;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    plugins::Quarantine quarantine = quarantine_of(config);
    for (const supervisor::Crash& crash : crashes) {
        const auto counted = quarantine.count(
            crash.sha256, crash.file, std::chrono::duration_cast<milliseconds>(now).count());
        if (!counted) base::log(base::LogLevel::error, counted.error().message);
    }
}

plugins::LoadOptions load_options(const config::Config& config,
                                  const std::shared_ptr<plugins::HostServices>& services) {
    plugins::LoadOptions options;
    options.quarantined = [all = quarantine_of(config)](const std::string& sha256) {
        return all.why(sha256);
    };
    options.served_before = (fs::path(config.state_folder) / "generations").string();
    options.bytes_max = config.plugins.library_bytes_max;
    if (!config.plugins.trusted_hashes.empty() || !config.plugins.trusted_keys.empty()) {
        options.trust = std::make_shared<const plugins::Trust>(
            config.plugins.trusted_hashes, config.plugins.trusted_keys, bundled_folder());
    }
    options.services = services;
    return options;
}

void rehearse(const config::Config& config,
              plugins::LoadOptions& options,
              live::Rehearsal& rehearsal) {
    std::vector<std::string> folders = plugin_folders(config);
    folders.erase(folders.begin());  // the bundled ones came with this program
    const auto time_max = live::Rehearsal::time_max(config);
    const auto look = [&rehearsal, folders, options, time_max] {
        return rehearsal.look(folders, options, time_max);
    };
    look();
    options.quarantined = [&rehearsal, look, held = options.quarantined](const std::string& hash) {
        if (std::string why = held(hash); !why.empty()) return why;
        // Where nothing has changed since, it is of no folder that was looked at.
        const bool is_replaced = !rehearsal.knows(hash) && look() && !rehearsal.knows(hash);
        return is_replaced ? "it was replaced while it was tried" : rehearsal.why(hash);
    };
}

plugins::Catalogue load_plugins(const config::Config& config,
                                const std::shared_ptr<plugins::HostServices>& services) {
    supervisor::name_crashes();
    live::Rehearsal rehearsal;
    plugins::LoadOptions options = load_options(config, services);
    rehearse(config, options, rehearsal);
    return load_plugins(config, options);
}

plugins::Catalogue load_plugins(const config::Config& config, const plugins::LoadOptions& options) {
    auto catalogue = plugins::Catalogue::scan(plugin_folders(config), options);
    for (const plugins::Refusal& refusal : catalogue.refusals()) {
        base::log(base::LogLevel::error,
                  "plugin refused",
                  {{"file", refusal.path}, {"why", refusal.reason}});
    }
    for (const auto& library : catalogue.libraries()) {
        base::log(base::LogLevel::debug,
                  "plugin loaded",
                  {{"file", library->name()}, {"sha256", library->sha256()}});
        for (const std::string& warning : library->warnings()) {
            base::log(base::LogLevel::warn, warning);
        }
    }
    return catalogue;
}

std::string control_path(const std::string& state_folder, int seat) {
    const std::string which = seat == 1 ? "" : '-' + std::to_string(seat);
    return (fs::path(state_folder) / ("control" + which + ".sock")).string();
}

std::shared_ptr<plugins::HostServices> make_services() {
    auto services = std::make_shared<plugins::HostServices>();
    services->log = [](const plugins::PluginLine& line) {
        const auto level = line.level <= PARLEY_LOG_DEBUG  ? base::LogLevel::debug
                           : line.level == PARLEY_LOG_INFO ? base::LogLevel::info
                           : line.level == PARLEY_LOG_WARN ? base::LogLevel::warn
                                                           : base::LogLevel::error;
        base::log(level, line.text, {{"plugin", line.component}, {"dropped", line.dropped}});
    };
    return services;
}

}  // namespace parley::command
