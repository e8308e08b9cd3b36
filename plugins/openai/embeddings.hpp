// embeddings.hpp: POST /v1/embeddings between dialects.
#pragma once

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

const parley_request* read_embeddings_request(const parley_call& call, sdk::Arena& arena);

void write_embeddings_request(const parley_request& request,
                              const parley_target& target,
                              parley_encoded_request& head,
                              sdk::Out& out);

}  // namespace parley::openai
