// check/file_rules.hpp: checks of the file alone.
#pragma once

#include <string_view>

#include "check/trial.hpp"

namespace parley::check {

// What the loader says under this id before it runs anything.
void file_is_right(Trial& trial, std::string_view id);

// Asks the system for nothing that a plugin of its kinds has no use for.
void imports_what_it_may(Trial& trial);

}  // namespace parley::check
