// http/workers.hpp: threads for work that would hold a loop up.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "http/loop.hpp"

namespace parley::http {

class Workers {
public:
    explicit Workers(std::size_t threads) : pool_(threads) {}

    // Waits for what is going on.
    ~Workers() { pool_.join(); }

    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    // Awaited on `loop`: `work()` runs on one of the threads, then the loop goes on. Nothing that
    // the work touches may be touched meanwhile. The work must not throw.
    template <class Work>
    class Errand {
    public:
        Errand(Workers& workers, Loop& loop, Work work)
            : workers_(workers), loop_(loop), work_(std::move(work)) {}

        bool await_ready() const { return false; }

        void await_suspend(std::coroutine_handle<> waiter) {
            boost::asio::post(workers_.pool_, [this, waiter] {
                work_();
                loop_.post([&loop = loop_, waiter] {
                    loop.wake();
                    waiter.resume();
                });
            });
        }

        void await_resume() const {}

    private:
        Workers& workers_;
        Loop& loop_;
        Work work_;
    };

private:
    boost::asio::thread_pool pool_;
};

}  // namespace parley::http
