// config/changes.hpp: what differs between two configurations, in words.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/load.hpp"

namespace parley::config {

// `limits.head_ms: "15s" -> "20s"`, `provider "a": added`. Values are not told where they are, or
// may be, secrets: those of plugins are among them.
std::vector<std::string> changes(Config before, Config after);

// `file "/etc/parley/models.toml": changed`, of the files that both name.
std::vector<std::string> changes(const Contents& before, const Contents& after);

// Of the former, what a running Parley does not follow: `server.threads: 2 -> 4`.
std::vector<std::string> changes_for_a_restart(Config before, Config after);

}  // namespace parley::config
