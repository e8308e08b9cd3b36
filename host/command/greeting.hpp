// command/greeting.hpp: what a person can paste at once.
#pragma once

#include <string>

#include "command/setup.hpp"

namespace parley::command {

// Prints a curl line and an SDK snippet to a terminal, or always after the first start.
void greet(const config::Config& config, const Setup& setup, const std::string& address);

}  // namespace parley::command
