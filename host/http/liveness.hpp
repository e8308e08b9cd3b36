// http/liveness.hpp: whether the other end of a connection is still there.
#pragma once

#include <cstdint>

namespace parley::http {

// The connection ends when nothing of the other end's system is heard for `silent_ms`, be it that
// data is not acknowledged or that probes are not answered. Who has gone without a word (a machine
// without power, a route that is gone) would otherwise be waited for by deadlines that are made for
// models that think.
void notice_death(int socket, std::uint64_t silent_ms);

}  // namespace parley::http
