// config/routes.hpp: what the forms of keys cannot say of accounts and routes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace parley::config {

// Which key is wrong, and how. Secrets are not repeated.
using KeyFaults = std::vector<std::pair<std::string_view, std::string>>;

KeyFaults faults_of(const Account& account);
KeyFaults faults_of(const Route& route);

// "name: value" -> both, without the spaces around them; empty names when it is none, or one that
// belongs to the connection.
std::pair<std::string, std::string> header_of(std::string_view text);

// The class of error, PARLEY_E_*, that may lead to the next step of a route; 0 for other words.
int class_of_next_step(std::string_view name);

}  // namespace parley::config
