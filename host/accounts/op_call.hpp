// accounts/op_call.hpp: a request as an op asks for it, checked and copied.
#pragma once

#include <cstdint>

#include "http/call.hpp"
#include "parley/op.h"

namespace parley::accounts {

// PARLEY_OK, or -PARLEY_E_INVALID_ARGUMENT for what cannot be sent. `usual_ms` is for calls that
// set no limit of their own.
parley_status read_call(const parley_http_call& asked, std::uint64_t usual_ms, http::Call& out);

}  // namespace parley::accounts
