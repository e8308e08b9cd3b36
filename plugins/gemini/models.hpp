// models.hpp: lists of models as Google writes them.
#pragma once

#include <span>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::gemini {

// {"models":[…]}, page by page, or one model when the route names one.
void write_models(const parley_call& call,
                  std::span<const parley_model* const> models,
                  parley_http_reply& reply,
                  sdk::Out& out);

}  // namespace parley::gemini
