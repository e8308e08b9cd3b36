// models.hpp: lists of models as Anthropic writes them, and token counts.
#pragma once

#include <span>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::claude {

// One page of the list, or one model when the route names one.
void write_models(const parley_call& call,
                  std::span<const parley_model* const> models,
                  parley_http_reply& reply,
                  sdk::Out& out);

// {"input_tokens":n}
void write_count(uint64_t input_tokens, parley_http_reply& reply, sdk::Out& out);

}  // namespace parley::claude
