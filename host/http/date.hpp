// http/date.hpp: the date header's value, made once a second on each thread.
#pragma once

#include <string_view>

namespace parley::http {

std::string_view http_date();

}  // namespace parley::http
