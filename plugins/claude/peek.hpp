// peek.hpp: what routing needs of a request, and the few bytes that change on its way.
#pragma once

#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::claude {

// What one conversation has in common, of metadata.user_id or a header; empty when neither tells.
parley_str session_of(const parley_http_request& request,
                      std::string_view user_id,
                      sdk::Arena& arena);

void peek_request(const parley_call& call, sdk::Arena& arena, parley_peek& out);

void retarget_request(const parley_call& call,
                      const parley_peek& peek,
                      std::string_view model,
                      sdk::Arena& arena,
                      parley_retarget& io);

}  // namespace parley::claude
