// http/loop.hpp: one event loop, one thread. Everything that belongs to it is touched by that
// thread alone; other threads reach it through post().
#pragma once

#include <array>
#include <memory>
#include <span>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/deadline.hpp"
#include "http/readiness.hpp"

namespace parley::http {

class Loop {
public:
    // A read takes at most this much; what several events brought goes on in one write.
    static constexpr std::size_t kScratchBytes = 128 * 1024;

    explicit Loop(int index);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    int index() const { return index_; }

    boost::asio::io_context& io() { return io_; }

    Deadlines& deadlines() { return deadlines_; }

    Readiness& readiness() { return readiness_; }

    std::uint64_t now_ms() const { return deadlines_.now_ms(); }

    // The same clock, read now; it is one for all loops. [any thread]
    static std::uint64_t clock_ms();

    // Memory that anyone on this loop may use until the next suspension.
    std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }

    // Runs `work` on the loop. [any thread]
    template <class Work>
    void post(Work&& work) {
        boost::asio::post(io_, std::forward<Work>(work));
    }

    // Runs until stop().
    void run();
    void stop();  // [any thread]

    // Refreshes now_ms; the entry points from the reactor call it.
    void wake();

private:
    void schedule_tick();
    void wait_for_streams();

    int index_;
    Deadlines deadlines_;  // before io_: what waits there may hold deadlines to the end
    Readiness readiness_;  // likewise
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer tick_;
    boost::asio::posix::stream_descriptor streams_;
    std::unique_ptr<char[]> scratch_;
};

}  // namespace parley::http
