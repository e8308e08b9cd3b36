// supervisor/notify.hpp: how a service manager is told, and how it hands sockets over: the
// protocols of sd_notify(3) and sd_listen_fds(3), without their library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/link.hpp"

namespace parley::supervisor {

// "READY=1", "STOPPING=1", ...; goes nowhere when no service manager asked to be told.
void notify(std::string_view state);

// The listening sockets that a service manager has opened for us, by their addresses. Afterwards
// they are ours, and programs that we start see none.
std::vector<std::pair<std::string, Descriptor>> activated_sockets();

}  // namespace parley::supervisor
