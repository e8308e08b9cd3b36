// command/options.hpp: what the command line said.
#pragma once

#include <string>

namespace parley::command {

struct Options {
    std::string config;  // empty: the usual places
    std::string state;   // empty: from the configuration
    std::string plugin_file;
    bool json = false;
};

}  // namespace parley::command
