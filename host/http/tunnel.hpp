// http/tunnel.hpp: a connection to a proxy becomes one to whom the proxy connects us. [loop]
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/task.hpp"
#include "config/egress.hpp"
#include "http/stream.hpp"

namespace parley::http {

// Asks the proxy at the far end of the stream, whose deadline counts, to connect it to the host,
// whose name the proxy resolves. Errors say what the proxy said. `via` must outlive the task.
base::Task<base::Result<void>> open_tunnel(Stream::Ptr stream,
                                           const config::Egress& via,
                                           std::string host,
                                           std::uint16_t port);

}  // namespace parley::http
