// live/gap.hpp: a moment in which nobody calls some components, so that what may be active only
// once changes hands. Exchanges begin behind it. [control]
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "http/loop.hpp"
#include "manage/front.hpp"
#include "pipeline/observers.hpp"
#include "plugins/exclusives.hpp"

namespace parley::live {

class Gap {
public:
    // Where clients are served, by loops that run.
    struct Place {
        http::Loop* loop;
        manage::Front* front;
    };

    using Handovers = std::vector<plugins::Handover>;

    // From here on clients wait, unless it is observers alone that change hands.
    Gap(std::vector<Place> places,
        Handovers handovers,
        std::shared_ptr<pipeline::ObserverThreads> observers,
        const config::ObserverLimits& limits);
    // From here on they are served again, in the World that their loop was told of last.
    ~Gap();
    Gap(const Gap&) = delete;
    Gap& operator=(const Gap&) = delete;

    // Waits until nobody calls those that are to go, and has the others take their places: all of
    // them or none. Who had a place before may have lost it after a failure: see Instance::relieve.
    base::Result<void> hand_over(std::chrono::milliseconds time_max);

private:
    struct Users;
    using Queue = std::shared_ptr<pipeline::ObserverThreads::Queue>;

    base::Result<void> wait_for_exchanges();
    base::Result<void> wait_for_observers();
    base::Result<void> relieve_all();

    std::vector<Place> places_;
    const Handovers handovers_;
    const std::shared_ptr<pipeline::ObserverThreads> observers_;
    const config::ObserverLimits limits_;
    std::vector<Queue> queues_;  // of handovers_; null: it is no observer, or nobody tells it
    std::shared_ptr<Users> users_;
    std::chrono::steady_clock::time_point until_;
};

}  // namespace parley::live
