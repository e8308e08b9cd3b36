// chat_messages_in.hpp: the turns of a chat client's request.
#pragma once

#include "parley/sdk/draft.hpp"

namespace parley::openai {

// The value of "messages".
void read_chat_messages(sdk::JsonReader& r, sdk::RequestDraft& draft);

}  // namespace parley::openai
