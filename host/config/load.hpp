// config/load.hpp: TOML file, .env and environment -> one checked Config, or all faults at once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"

namespace parley::config {

// One thing wrong, in words that end with the cure. They never hold a secret.
struct Fault {
    Position position;
    std::string where;    // "provider[1].account[0].api_key", "" for the whole file
    std::string message;  // lower case, no full stop
    // What to name in place of the configuration file: the variable whose value is wrong, or the
    // .env file. Empty: the configuration file.
    std::string source = {};

    // "parley.toml:12:3: provider[1].plugin: ..." in the form editors understand.
    std::string text(std::string_view file) const;
};

struct Loaded {
    Config config;              // meaningful only when there are no faults
    std::vector<Fault> faults;  // in the order of the file, then those of the environment
    std::vector<Fault> warnings;
};

// Reads the file (none when empty) and the .env beside it. A key that is set in the environment
// (PARLEY_LIMITS__HEAD_MS) wins over the file; a variable of the process wins over .env.
Loaded load(const std::string& file, const Environment& environment);
// The same from text; `file` is only its name, and no .env is read.
Loaded load_text(std::string_view text, const std::string& file, const Environment& environment);

// Where state is kept when nothing says otherwise.
std::string state_folder_of(const Environment& environment);

// Every file that a configuration is made from, there or not: its own, the .env beside it, and
// those that it names.
std::vector<std::string> files_of(const Config& config);

// What is in those that it names, told apart without being kept; by path, those that can be read.
using Contents = std::map<std::string, base::Digest>;
Contents contents_of(const Config& config);

// The reference of all keys in Markdown, made from the table that load() reads by.
std::string reference();

}  // namespace parley::config
