// parts_out.hpp: parts of messages for upstreams of either dialect.
#pragma once

#include <string>

#include "crossing_out.hpp"

namespace parley::openai {

// A part that is text, or can be told as text: `out` gets it. False for the others.
bool text_form(const parley_part& part, std::string& out);

// What a client's own tool gave, in one text: parts that are text, one to a line.
std::string result_text(const parley_tool_result& result);

// "Error: " in front of the text of a failed call that does not say so itself.
void mark_error(const parley_tool_result& result, std::string& text);

// Media parts as elements of a content list. What the dialect cannot carry is refused.
void write_chat_media(Body& body, const parley_part& part);
void write_responses_media(Body& body, const parley_part& part);

}  // namespace parley::openai
