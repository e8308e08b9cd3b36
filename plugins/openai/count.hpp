// count.hpp: the answer to POST /v1/responses/input_tokens.
#pragma once

#include <cstdint>

#include "parley/http.h"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

void write_count(uint64_t input_tokens, parley_http_reply& reply, sdk::Out& out);

}  // namespace parley::openai
