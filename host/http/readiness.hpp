// http/readiness.hpp: which streams of a loop can go on.
//
// Asio tells the kernel of every wait anew. Here a socket is registered once, for all its life, and
// the set of them is itself a descriptor that the loop waits for: one wake-up serves every stream
// that became ready. [loop]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace parley::http {

class Stream;

class Readiness {
public:
    Readiness();
    ~Readiness() = default;  // the loop, which waits for the descriptor, closes it
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    int descriptor() const { return descriptor_; }

    // From now on the stream is told of every change: input, or the far end's end.
    bool add(int socket, Stream& stream) const;
    // And of room for output. Told at once when there is some.
    void add_output(int socket, Stream& stream) const;
    // The stream is about to close its socket.
    void forget(const Stream& stream);

    // Tells everyone who became ready.
    void tell();

private:
    static constexpr std::size_t kBatch = 64;

    int descriptor_;
    std::array<epoll_event, kBatch> batch_;
    std::span<epoll_event> untold_;
};

}  // namespace parley::http
