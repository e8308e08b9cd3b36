// requests.hpp: requests of both dialects, read into the canonical form and written from it.
#pragma once

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

const parley_request* read_chat_request(const parley_call& call, sdk::Arena& arena);
const parley_request* read_responses_request(const parley_call& call, sdk::Arena& arena);

void write_chat_request(const parley_request& request,
                        const parley_target& target,
                        sdk::Arena& arena,
                        parley_encoded_request& head,
                        sdk::Out& out);
void write_responses_request(const parley_request& request,
                             const parley_target& target,
                             sdk::Arena& arena,
                             parley_encoded_request& head,
                             sdk::Out& out);

}  // namespace parley::openai
