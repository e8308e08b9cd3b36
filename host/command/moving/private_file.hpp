// command/moving/private_file.hpp: files that only their owner may read.
#pragma once

#include <string>

namespace parley::command {

// False when it cannot be written, or is there already.
bool write_private_file(const std::string& path, const std::string& text);

}  // namespace parley::command
