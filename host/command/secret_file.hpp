// command/secret_file.hpp: a secret that a person or a program hands over, without others seeing
// it.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace parley::command {

// What the file holds, without the end of its last line; "-": standard input, of a terminal one
// line that it does not show.
base::Result<base::Secret> read_secret_file(const std::string& file);

}  // namespace parley::command
