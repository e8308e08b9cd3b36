// responses_items_in.hpp: the turns of a Responses client's request.
#pragma once

#include "parley/sdk/draft.hpp"

namespace parley::openai {

// The value of "input": a text, or a list of items.
void read_input(sdk::JsonReader& r, sdk::RequestDraft& draft);

}  // namespace parley::openai
