// command/serving_copy.hpp: what serves of a plugin where a Parley runs, to be played with here.
#pragma once

#include <optional>
#include <string>

#include "check/check.hpp"
#include "command/options.hpp"

namespace parley::command {

class ServingCopy {
public:
    ServingCopy();
    ~ServingCopy();
    ServingCopy(const ServingCopy&) = delete;
    ServingCopy& operator=(const ServingCopy&) = delete;

    // The library that serves for the plugin of options.plugin_file, and the settings in force
    // there, over which those of the command line go. As long as this lives. Nothing: what stands
    // in the way has been printed.
    std::optional<check::Subject> take(const Options& options) const;

private:
    std::string folder_;  // of nobody else; empty: it could not be made
};

}  // namespace parley::command
