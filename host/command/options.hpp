// command/options.hpp: what the command line said.
#pragma once

#include <string>

namespace parley::command {

struct Options {
    std::string config;  // empty: the usual places
    std::string state;   // empty: from the configuration
    std::string plugin_file;
    std::string model;
    std::string key;  // the name of a client key
    bool json = false;
    std::string from;         // whose files are imported
    std::string file;         // that is read, or written
    std::string auth_folder;  // of credential files; empty: where the file says
    bool is_dry_run = false;
};

}  // namespace parley::command
