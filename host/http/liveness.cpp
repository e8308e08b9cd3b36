#include "http/liveness.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace parley::http {

void notice_death(int socket, std::uint64_t silent_ms) {
    const auto set = [socket](int level, int option, std::uint64_t to) {
        const int value = static_cast<int>(to);
        ::setsockopt(socket, level, option, &value, sizeof(value));
    };
    constexpr std::uint64_t kProbes = 3;
    const std::uint64_t every_s = std::max<std::uint64_t>(silent_ms / (kProbes * 1'000), 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, every_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, every_s);
    set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, silent_ms);
}

}  // namespace parley::http
