// command/moving/foreign_config.hpp: another program's configuration, key by key.
#pragma once

#include <string>

#include "command/moving/mapping.hpp"
#include "command/moving/moved.hpp"

namespace parley::command {

// The folder of credential files that it names, or nothing. Throws YAML::Exception for a text that
// is none of YAML, as does the other.
std::string folder_of_accounts(const std::string& text);

// What the text says, into `moved`, where the accounts of credential files stand already.
void read_foreign_config(const std::string& text, const Mapping& mapping, Moved& moved);

}  // namespace parley::command
