// requests.hpp: requests of both dialects, read into the canonical form and written from it.
#pragma once

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

const parley_request* read_chat_request(const parley_call& call, sdk::Arena& arena);

// A legacy completion, POST /v1/completions: a prompt in place of messages.
const parley_request* read_text_request(const parley_call& call, sdk::Arena& arena);

// Its request in canonical form says so: it is an older version of the dialect.
inline constexpr std::string_view kTextVersion = "completions";

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
