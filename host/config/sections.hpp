// config/sections.hpp: from the TOML tree to a Config, with the checks between its values.
#pragma once

#include "config/config.hpp"
#include "config/read.hpp"

namespace parley::config {

void read_config(const toml::table& root, Config& into, const Reading& reading);

}  // namespace parley::config
