// config/changes.hpp: what differs between two configurations, in words.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace parley::config {

// `limits.head_ms: "15s" -> "20s"`, `provider "a": added`. Values are not told where they are, or
// may be, secrets: those of plugins are among them.
std::vector<std::string> changes(Config before, Config after);

// Of these, what a running Parley does not follow: `server.threads: 2 -> 4`.
std::vector<std::string> changes_for_a_restart(Config before, Config after);

}  // namespace parley::config
