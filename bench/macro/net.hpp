// Sockets and time for the two bench programs: loopback TCP, epoll, one thread.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace bench {

inline constexpr std::int64_t kSecondNs = 1'000'000'000;

[[noreturn]] inline void die(const std::string& what) {
    std::fprintf(stderr, "bench: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

inline std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecondNs + now.tv_nsec;
}

class Fd {
public:
    Fd() = default;

    explicit Fd(int fd) : fd_(fd) {}

    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            close();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }

    ~Fd() { close(); }

    int get() const { return fd_; }

    bool is_open() const { return fd_ >= 0; }

    void close() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_ = -1;
};

inline void set_no_delay(const Fd& socket) {
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

inline void set_non_blocking(const Fd& socket) {
    fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
}

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline Fd listen_on(std::uint16_t port) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        die("bind to port " + std::to_string(port));
    }
    if (listen(socket.get(), 4096) != 0) {
        die("listen");
    }
    return socket;
}

inline std::uint16_t port_of(const Fd& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

// Blocking, as a loopback handshake needs no help from the other process; closed on failure.
inline Fd connect_to(const sockaddr_in& address) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) {
        return socket;
    }
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        socket.close();
        return socket;
    }
    set_no_delay(socket);
    return socket;
}

class Epoll {
public:
    Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC)) {}

    void add(const Fd& fd, std::uint32_t events, void* owner) {
        control(EPOLL_CTL_ADD, fd, events, owner);
    }

    void change(const Fd& fd, std::uint32_t events, void* owner) {
        control(EPOLL_CTL_MOD, fd, events, owner);
    }

    template <std::size_t kSize>
    int wait(epoll_event (&events)[kSize], int timeout_ms) {
        return epoll_wait(fd_.get(), events, static_cast<int>(kSize), timeout_ms);
    }

private:
    void control(int operation, const Fd& fd, std::uint32_t events, void* owner) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = owner;
        if (epoll_ctl(fd_.get(), operation, fd.get(), &event) != 0) {
            die("epoll_ctl");
        }
    }

    Fd fd_;
};

class Timer {
public:
    Timer() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}

    const Fd& fd() const { return fd_; }

    void arm(std::int64_t due_ns) {
        if (due_ns == armed_ns_) {
            return;
        }
        armed_ns_ = due_ns;
        itimerspec spec{};
        spec.it_value.tv_sec = due_ns / kSecondNs;
        spec.it_value.tv_nsec = due_ns % kSecondNs;
        timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
    }

    void acknowledge() {
        armed_ns_ = 0;
        std::uint64_t expirations = 0;
        [[maybe_unused]] const auto got = read(fd_.get(), &expirations, sizeof expirations);
    }

private:
    Fd fd_;
    std::int64_t armed_ns_ = 0;
};

}  // namespace bench
