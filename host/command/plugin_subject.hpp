// command/plugin_subject.hpp: the plugin that an author's command is about, and its settings.
#pragma once

#include <optional>
#include <string>

#include "check/check.hpp"
#include "command/options.hpp"

namespace parley::command {

inline constexpr int kNotRun = 2;  // the exit status where nothing could be found out

// `file` with the settings of --set and --config; nothing when they are wrong, which has been said.
std::optional<check::Subject> read_subject(const Options& options, const std::string& file);

// False when it cannot be written, which has been said.
bool write_file(const std::string& file, const std::string& text);

}  // namespace parley::command
