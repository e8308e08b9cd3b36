// parts_out.hpp: parts of messages for upstreams of either dialect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crossing_out.hpp"

namespace parley::openai {

// A part that is text, or can be told as text: `out` gets it. False for the others.
bool text_form(const parley_part& part, std::string& out);
// The same where it stands; what has to be put together is put into `room`, which is empty.
std::optional<std::string_view> text_of(const parley_part& part, std::string& room);

// What a client's own tool gave, in one text: parts that are text, one to a line.
std::string result_text(const parley_tool_result& result);

// "Error: " in front of the text of a failed call that does not say so itself.
void mark_error(const parley_tool_result& result, std::string& text);

// Media parts as elements of a content list. What the dialect cannot carry is refused.
void write_chat_media(Body& body, const parley_part& part);
void write_responses_media(Body& body, const parley_part& part);

}  // namespace parley::openai
