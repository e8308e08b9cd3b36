// tools_in.hpp: the tools of a request, and which of them the model may or must use.
#pragma once

#include "parley/sdk/draft.hpp"

namespace parley::openai {

// Elements of "tools" of either dialect.
void read_tools(sdk::JsonReader& r, sdk::RequestDraft& draft);
// Elements of the legacy "functions".
void read_functions(sdk::JsonReader& r, sdk::RequestDraft& draft);
// "tool_choice" of either dialect, and the legacy "function_call".
void read_tool_choice(sdk::JsonReader& r, sdk::RequestDraft& draft);
// "web_search_options": a search tool without an entry of its own.
void read_web_search_options(sdk::JsonReader& r, sdk::RequestDraft& draft);

}  // namespace parley::openai
