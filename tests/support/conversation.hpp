// conversation.hpp: what a coding agent says, made up, in the shape that everybody knows.
#pragma once

#include <string>

namespace parley::support {

// A streamed chat request of about so many bytes: system text, tools, and turns in which the model
// calls a tool and is told what came of it.
std::string agent_request(std::size_t bytes);

}  // namespace parley::support
