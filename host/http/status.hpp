// http/status.hpp: "200 OK" and its kind.
#pragma once

#include <string_view>

namespace parley::http {

// Status code and reason phrase; unknown codes get an empty phrase. Valid until the next call on
// this thread.
std::string_view status_line(unsigned status);

}  // namespace parley::http
