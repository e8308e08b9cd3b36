// config/settings.hpp: the keys of a table that are not Parley's own.
#pragma once

#include "config/config.hpp"
#include "config/read.hpp"

namespace parley::config {

// Reads all that `table` does not name into `into.settings`, and where it stands.
void read_settings(const toml::table& from,
                   const Table& table,
                   const std::string& path,
                   OpenKeys& into,
                   const Reading& reading);

}  // namespace parley::config
