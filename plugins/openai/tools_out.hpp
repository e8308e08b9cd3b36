// tools_out.hpp: tools for upstreams of either dialect.
#pragma once

#include <vector>

#include "crossing_out.hpp"

namespace parley::openai {

enum class Form { chat, responses };

// "tools", "tool_choice", "parallel_tool_calls"; in chat also "web_search_options".
void write_tools(Body& body, Crossing& to, Form form);

// Whether free text goes to custom tools as it is; otherwise functions stand in for them.
bool has_custom_tools(const Crossing& to);

}  // namespace parley::openai
