// command/ask.hpp: what commands ask of a Parley that runs.
#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "command/options.hpp"

namespace parley::command {

// The answer of the Parley that runs with this state folder; nothing, when there is none or it
// refuses, which has been printed then.
std::optional<boost::json::object> ask(const Options& options,
                                       const std::string& method,
                                       const std::string& path,
                                       const boost::json::object& question = {});

}  // namespace parley::command
