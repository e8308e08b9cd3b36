// pipeline/underway.hpp: the exchanges that go on on one loop: they can be ended, and others can be
// held back meanwhile. [loop]
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "base/error.hpp"
#include "http/deadline.hpp"
#include "http/loop.hpp"

namespace parley::plugins {
class Instance;
}

namespace parley::pipeline {

struct World;

// What makes an exchange one of the list, from its first to its last moment.
using ListedExchange =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Underway {
public:
    explicit Underway(http::Loop& loop);

    void add(ListedExchange& exchange) { all_.push_back(exchange); }

    // One of them is over and gone.
    void look() {
        if (held_) tell();
    }

    // Ends those that began in this world, each with the error of its dialect.
    void end(const World& world, const base::Error& why);

    // What an exchange of this loop may still call.
    using Instances = std::vector<const plugins::Instance*>;
    using Told = std::function<void(std::uint64_t users)>;

    // From now on no exchange begins. `told` hears how many may still call one of these, at once
    // and as long as that is not 0.
    void hold(Instances those, Told told);
    // Those that were held back begin.
    void release();

    bool is_held() const { return held_.has_value(); }

    // Waits while exchanges are held back.
    struct Gate {
        Underway& underway;

        bool await_ready() const { return !underway.is_held(); }

        void await_suspend(std::coroutine_handle<> waiter) { underway.waiting_.push_back(waiter); }

        void await_resume() const {}
    };

    Gate gate() { return {*this}; }

private:
    struct Held {
        Instances those;
        Told told;
        bool is_still = false;
    };

    void tell();

    using List =
        boost::intrusive::list<ListedExchange, boost::intrusive::constant_time_size<false>>;

    List all_;
    std::optional<Held> held_;
    std::vector<std::coroutine_handle<>> waiting_;
    http::Deadline look_again_;
};

}  // namespace parley::pipeline
