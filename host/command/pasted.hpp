// command/pasted.hpp: what a person pastes in the place of a browser that could not come back.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace parley::command {

// The query of an address ("http://localhost:1455/callback?code=...&state=..."), of "code#state",
// or of a bare code. Its state is `state`, or an error says what to paste instead.
base::Result<base::Secret> read_pasted(std::string_view text, std::string_view state);

}  // namespace parley::command
