// pipeline/observers.hpp: who is told of exchanges when they are over.
//
// Each observer has a queue, bounded in bytes, and a thread that tells it; so one may block, and
// nobody waits for it: not the loops, not another observer, not a change of the configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "pipeline/outcome.hpp"
#include "plugins/observer.hpp"

namespace parley::pipeline {

// The threads of all observers of a process, also of those that a change has replaced. [control]
class ObserverThreads {
public:
    ObserverThreads() = default;
    ~ObserverThreads();
    ObserverThreads(const ObserverThreads&) = delete;
    ObserverThreads& operator=(const ObserverThreads&) = delete;

    class Queue;

    // Begins to tell it.
    std::shared_ptr<Queue> start(plugins::Observer observer, const config::ObserverLimits& limits);
    // Everything that waits is told, for stop_ms at most. False: a plugin does not let go of its
    // thread. Nothing may be told any more.
    bool finish();

private:
    void reap();

    std::vector<std::shared_ptr<Queue>> queues_;
};

// Those of one World. With its last exchange their queues close, and they end when these are empty.
class Observers {
public:
    using Queues = std::vector<std::shared_ptr<ObserverThreads::Queue>>;

    Observers(std::shared_ptr<ObserverThreads> threads, Queues queues)
        : threads_(std::move(threads)), queues_(std::move(queues)) {}

    Observers(Observers&&) = default;
    Observers& operator=(Observers&&) = delete;
    ~Observers();

    // [any thread]
    void tell(const Outcome& outcome) const;

    bool empty() const { return queues_.empty(); }

    // For the World after this one.
    const std::shared_ptr<ObserverThreads>& threads() const { return threads_; }

private:
    std::shared_ptr<ObserverThreads> threads_;
    Queues queues_;
};

}  // namespace parley::pipeline
