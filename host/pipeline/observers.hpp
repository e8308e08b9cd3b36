// pipeline/observers.hpp: who is told of exchanges when they are over.
//
// Each observer has a queue, bounded in bytes, and a thread that tells it; so one may block, and
// nobody waits for it: not the loops, not another observer, not a change of the configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

    // The one that tells this instance, from now on within these limits; null: nobody does any
    // more.
    std::shared_ptr<Queue> queue_of(const plugins::Instance& instance,
                                    const config::ObserverLimits& limits);
    // Nothing more is told until release(). False: within ms the plugin has not let go of its
    // thread, and goes on.
    static bool hold(Queue& queue, std::uint64_t ms);
    // From here on this one is told; empty: the same as before.
    static void release(Queue& queue, std::optional<plugins::Observer> observer);

    // Begins to tell it.
    std::shared_ptr<Queue> start(plugins::Observer observer, const config::ObserverLimits& limits);
    // Everything that waits is told, for stop_ms at most. False: a plugin does not let go of its
    // thread. Nothing may be told any more.
    bool finish();

private:
    void reap();

    std::vector<std::shared_ptr<Queue>> queues_;
};

// Those of one World. Once no World has a queue any more it closes, and ends when it is empty.
class Observers {
public:
    using Queues = std::vector<std::shared_ptr<ObserverThreads::Queue>>;

    Observers(std::shared_ptr<ObserverThreads> threads, Queues queues);

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
