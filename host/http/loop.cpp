#include "http/loop.hpp"

#include <chrono>

namespace parley::http {

Loop::Loop(int index)
    : index_(index),
      deadlines_([](void* self) { static_cast<Loop*>(self)->schedule_tick(); }, this),
      work_(boost::asio::make_work_guard(io_)),
      tick_(io_),
      streams_(io_, readiness_.descriptor()),
      scratch_(new char[kScratchBytes]) {
    wake();
    wait_for_streams();
}

void Loop::run() {
    io_.run();
}

void Loop::stop() {
    io_.stop();
}

std::uint64_t Loop::clock_ms() {
    using std::chrono::steady_clock;
    const auto now = steady_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    return static_cast<std::uint64_t>(ms);
}

void Loop::wake() {
    deadlines_.set_now_ms(clock_ms());
}

void Loop::wait_for_streams() {
    streams_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& fault) {
                            if (fault) return;
                            wake();
                            readiness_.tell();
                            wait_for_streams();
                        });
}

void Loop::schedule_tick() {
    tick_.expires_after(std::chrono::milliseconds(Deadline::kTickMs));
    tick_.async_wait([this](const boost::system::error_code& fault) {
        if (fault) return;
        wake();
        const auto late = std::chrono::steady_clock::now() - tick_.expiry();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(late).count();
        if (deadlines_.tick(static_cast<std::uint64_t>(ms))) schedule_tick();
    });
}

}  // namespace parley::http
