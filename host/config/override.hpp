// config/override.hpp: PARLEY_<TABLE>__<KEY> in the environment, put into the tree as if the file
// had said so.
#pragma once

#include <toml++/toml.h>

#include "config/environment.hpp"
#include "config/findings.hpp"

namespace parley::config {

// Variables that name no key become warnings.
void apply_environment(toml::table& root, const Environment& environment, Findings& findings);

}  // namespace parley::config
