// base/standard_streams.hpp: standard input, output and error, as whoever starts us leaves them.
#pragma once

namespace parley::base {

// Those that are closed lead to /dev/null from here on: a connection would take their number, and
// its client would read the log.
void open_standard_streams();

}  // namespace parley::base
