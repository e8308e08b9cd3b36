// http/date.hpp: what fields say of time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::http {

// The date header's value, made once a second on each thread.
std::string_view http_date();

// A date of HTTP in its usual form, "Sun, 06 Nov 1994 08:49:37 GMT", in seconds since 1970; nothing
// for anything else.
std::optional<std::int64_t> read_date(std::string_view text);

// How long to wait by a retry-after field: seconds, or a date. 0: it says nothing.
std::uint64_t retry_after_ms(std::string_view field, std::int64_t wall_ms);

}  // namespace parley::http
