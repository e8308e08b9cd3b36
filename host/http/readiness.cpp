#include "http/readiness.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "http/stream.hpp"

namespace parley::http {

Readiness::Readiness() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
}

namespace {

bool control(int descriptor, int what, int socket, std::uint32_t events, Stream& stream) {
    epoll_event event{};
    event.events = events | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &stream;
    return ::epoll_ctl(descriptor, what, socket, &event) == 0;
}

}  // namespace

bool Readiness::add(int socket, Stream& stream) const {
    return control(descriptor_, EPOLL_CTL_ADD, socket, EPOLLIN, stream);
}

void Readiness::add_output(int socket, Stream& stream) const {
    control(descriptor_, EPOLL_CTL_MOD, socket, EPOLLIN | EPOLLOUT, stream);
}

void Readiness::forget(const Stream& stream) {
    for (epoll_event& event : untold_) {
        if (event.data.ptr == &stream) event.data.ptr = nullptr;
    }
}

void Readiness::tell() {
    const int count = ::epoll_wait(descriptor_, batch_.data(), static_cast<int>(kBatch), 0);
    untold_ = std::span(batch_).first(static_cast<std::size_t>(std::max(count, 0)));
    while (!untold_.empty()) {
        const epoll_event event = untold_.front();
        untold_ = untold_.subspan(1);
        if (event.data.ptr != nullptr) static_cast<Stream*>(event.data.ptr)->changed(event.events);
    }
}

}  // namespace parley::http
