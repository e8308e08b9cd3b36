// command/setup.hpp: what every command starts with: where things are, the configuration, plugins.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/options.hpp"
#include "config/load.hpp"
#include "live/rehearsal.hpp"
#include "plugins/catalogue.hpp"
#include "supervisor/parent.hpp"

namespace parley::command {

struct Setup {
    config::Loaded loaded;
    std::string file;      // the configuration that was read; empty: none
    bool created = false;  // it was written just now
};

// Reads --config, else $PARLEY_CONFIG, else parley.toml in the state folder. With `create` a
// missing file is written, with a new client key.
Setup read_configuration(const Options& options, bool create);

// Prints faults and warnings for people; true when there are no faults.
bool report(const config::Loaded& loaded, const std::string& file);

// The bundled plugins beside the program, then the configured folders.
std::vector<std::string> plugin_folders(const config::Config& config);

// From here on libraries of the configured folders are tried in a child before they are loaded.
// `rehearsal` must outlive the options.
void rehearse(const config::Config& config,
              plugins::LoadOptions& options,
              live::Rehearsal& rehearsal);

// Loads all plugins but those that brought workers down too often, or a child that tried them;
// refusals are logged. For commands: what still crashes here is named.
plugins::Catalogue load_plugins(const config::Config& config,
                                const std::shared_ptr<plugins::HostServices>& services);
plugins::Catalogue load_plugins(const config::Config& config, const plugins::LoadOptions& options);
// How libraries are loaded; what crashed too often is not.
plugins::LoadOptions load_options(const config::Config& config,
                                  const std::shared_ptr<plugins::HostServices>& services);
// Remembers whose plugins brought workers down. Once, before plugins are loaded.
void count_crashes(const config::Config& config, const std::vector<supervisor::Crash>& crashes);

// The socket on which a running Parley is asked, or its worker at another seat than the first.
std::string control_path(const std::string& state_folder, int seat = 1);

std::shared_ptr<plugins::HostServices> make_services();

}  // namespace parley::command
