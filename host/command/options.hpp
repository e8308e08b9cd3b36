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
};

}  // namespace parley::command
