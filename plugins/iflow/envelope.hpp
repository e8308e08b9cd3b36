// envelope.hpp: what iFlow's own pages answer: {"success": true, "data": {...}}, and how they write
// the time.
#pragma once

#include <cstdint>
#include <string_view>

#include "parley/sdk/oauth.hpp"

namespace parley::iflow {

// The data of a reply. Throws Failure for one without success; `sent` are the proofs that the
// request carried.
std::string_view data_of(const parley_resume& reply, std::span<const std::string_view> sent);

// Milliseconds since 1970 of "2025-12-31 23:59", told by a clock in China; 0 for anything else.
int64_t read_time(std::string_view text);

}  // namespace parley::iflow
