// command/ask.hpp: what commands ask of a Parley that runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "command/options.hpp"

namespace parley::command {

// The answer of the Parley that runs with this state folder; nothing, when there is none or it
// refuses, which has been printed then.
std::optional<boost::json::object> ask(const Options& options,
                                       const std::string& method,
                                       const std::string& path,
                                       const boost::json::object& question = {});

// What each worker of that Parley answers, the first seat's first: a question that every one of
// them is to hear. Nothing, when one refuses; the others have heard it all the same.
std::optional<std::vector<boost::json::object>> ask_all(const Options& options,
                                                        const std::string& method,
                                                        const std::string& path,
                                                        const boost::json::object& question = {});

// The same of whoever runs, if anybody does; nothing is printed. Empty: nobody. An error: the first
// that refuses.
base::Result<std::vector<boost::json::object>> ask_who_runs(
    const Options& options,
    const std::string& method,
    const std::string& path,
    const boost::json::object& question = {});

// For programs: the answer as it came, or {"workers": [...]} where there are several. False when
// that was not asked for.
bool print_json(const Options& options, const std::vector<boost::json::object>& answers);
// For people, before what one of several workers answered.
void print_worker(const std::vector<boost::json::object>& answers, std::size_t index);

}  // namespace parley::command
