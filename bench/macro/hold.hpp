// Opens many streams one by one and keeps them, so that somebody can weigh the proxy meanwhile.
#pragma once

#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "load_options.hpp"
#include "net.hpp"

namespace bench {

// Blocking, until the first event has come; closed on failure.
inline Fd open_stream(const Options& options, std::string_view request) {
    Fd socket = connect_to(options.address);
    const auto size = static_cast<ssize_t>(request.size());
    if (!socket.is_open() ||
        send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != size) {
        socket.close();
        return socket;
    }
    std::string reply;
    while (reply.find("data: ") == std::string::npos) {
        char bytes[4096];
        const auto got = recv(socket.get(), bytes, sizeof bytes, 0);
        if (got <= 0 || reply.size() > sizeof bytes * 4) {
            socket.close();
            break;
        }
        reply.append(bytes, static_cast<std::size_t>(got));
    }
    if (!reply.starts_with("HTTP/1.1 200 ")) {
        socket.close();
    }
    return socket;
}

inline constexpr std::size_t kFailuresMax = 10;  // each may take five seconds

inline void print_held(const char* when, std::size_t held, std::size_t failed, std::size_t ended) {
    std::printf(R"({"hold":"%s","held":%zu,"failed":%zu,"ended":%zu})"
                "\n",
                when,
                held,
                failed,
                ended);
    std::fflush(stdout);
}

inline bool stdin_closed(const pollfd& input) {
    char bytes[256];
    return input.revents != 0 && read(input.fd, bytes, sizeof bytes) <= 0;
}

// Heartbeats are welcome, an end is not.
inline std::size_t forget_ended(std::vector<pollfd>& watched) {
    std::size_t ended = 0;
    char bytes[4096];
    for (auto& stream : std::span(watched).subspan(1)) {
        if (stream.revents != 0 && recv(stream.fd, bytes, sizeof bytes, 0) <= 0) {
            stream.fd = -1;
            ++ended;
        }
    }
    return ended;
}

inline int hold_streams(Options options) {
    options.is_stream = true;
    options.model = options.model.find("hold") == std::string::npos ? "bench-hold" : options.model;
    const std::string request = make_request(options);
    std::vector<Fd> streams;
    std::size_t failed = 0;
    for (std::uint64_t i = 0; i < options.hold && failed < kFailuresMax; ++i) {
        Fd stream = open_stream(options, request);
        if (stream.is_open()) {
            streams.push_back(std::move(stream));
        } else {
            ++failed;
        }
    }
    print_held("open", streams.size(), failed, 0);

    std::vector<pollfd> watched{{STDIN_FILENO, POLLIN, 0}};
    for (const auto& stream : streams) {
        watched.push_back({stream.get(), POLLIN, 0});
    }
    std::size_t ended = 0;
    while (poll(watched.data(), watched.size(), -1) >= 0 && !stdin_closed(watched[0])) {
        ended += forget_ended(watched);
    }
    print_held("closed", streams.size() - ended, failed, ended);
    return 0;
}

}  // namespace bench
