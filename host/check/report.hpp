// check/report.hpp: what came of the checks, for people and for programs.
#pragma once

#include <ostream>
#include <string>

#include "check/check.hpp"

namespace parley::check {

// One line a check, with what was found and what to do under those that did not pass.
void print(const Row& row, std::ostream& out);
// The sentence at the end.
std::string summary(const Report& report);

std::string to_json(const Report& report);
// As test frameworks write it; what build servers read.
std::string to_junit(const Report& report);

}  // namespace parley::check
