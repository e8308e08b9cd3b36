// command/moving/foreign_accounts.hpp: another program's credential files, one account each.
#pragma once

#include <string>

#include "command/moving/mapping.hpp"
#include "command/moving/moved.hpp"

namespace parley::command {

// Reads the .json files of a folder, those below it too, into accounts and the providers that these
// need. What cannot be read is left, and said.
void read_foreign_accounts(const std::string& folder, const Mapping& mapping, Moved& moved);

// Milliseconds since 1970 of "2026-01-02T03:04:05.678+08:00"; 0 for anything else.
std::int64_t read_foreign_time(std::string_view text);

}  // namespace parley::command
