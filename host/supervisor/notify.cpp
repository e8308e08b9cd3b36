#include "supervisor/notify.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace parley::supervisor {

namespace {

constexpr int kFirstPassed = 3;

long number_of(const char* text) {
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

std::string address_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getsockname(socket, any, &size) != 0) return {};
    if (::getnameinfo(any,
                      size,
                      host.data(),
                      host.size(),
                      port.data(),
                      port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    const bool is_v6 = address.ss_family == AF_INET6;
    return (is_v6 ? '[' + std::string(host.data()) + ']' : std::string(host.data())) + ':' +
           port.data();
}

}  // namespace

void notify(std::string_view state) {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t size = std::strlen(path);
    if (size >= sizeof(address.sun_path)) return;
    std::memcpy(address.sun_path, path, size);
    if (path[0] == '@') address.sun_path[0] = '\0';
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return;
    ::sendto(socket.get(),
             state.data(),
             state.size(),
             MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

std::vector<std::pair<std::string, Descriptor>> activated_sockets() {
    std::vector<std::pair<std::string, Descriptor>> found;
    const bool is_for_us = number_of(std::getenv("LISTEN_PID")) == ::getpid();
    const long count = is_for_us ? number_of(std::getenv("LISTEN_FDS")) : 0;
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    for (int i = 0; i < count; ++i) {
        const int number = kFirstPassed + i;
        ::fcntl(number, F_SETFD, FD_CLOEXEC);
        Descriptor socket(number);
        std::string address = address_of(number);
        if (!address.empty()) found.emplace_back(std::move(address), std::move(socket));
    }
    return found;
}

}  // namespace parley::supervisor
