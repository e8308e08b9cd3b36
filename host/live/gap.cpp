#include "live/gap.hpp"

#include <condition_variable>
#include <mutex>
#include <numeric>

#include "base/black_box.hpp"
#include "plugins/border.hpp"

namespace parley::live {

using base::Result;
using plugins::Handover;
using plugins::Instance;
using Clock = std::chrono::steady_clock;

namespace {

bool is_observer(const Instance& instance) {
    return plugins::view(instance.component().kind) == PARLEY_KIND_OBSERVER;
}

base::Error failed(const Instance& instance, const std::string& why) {
    return base::gateway_error(PARLEY_E_CONFLICT,
                               "\"" + instance.name() + "\" may be active only once, and " + why);
}

// The supervisor ends a worker whose clients wait for a plugin that does not come back.
class Watched {
public:
    Watched() { base::black_box_line().is_loop.store(1); }

    ~Watched() { base::black_box_line().is_loop.store(0); }

    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
};

}  // namespace

// How many exchanges of each loop may call one of them.
struct Gap::Users {
    static constexpr std::uint64_t kNotHeard = UINT64_MAX;

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::uint64_t> of_loops;

    void tell(std::size_t loop, std::uint64_t count) {
        const std::lock_guard lock(mutex);
        of_loops[loop] = count;
        changed.notify_one();
    }

    bool are_gone() const {
        return std::accumulate(of_loops.begin(), of_loops.end(), true, [](bool none, auto count) {
            return none && count == 0;
        });
    }
};

Gap::Gap(std::vector<Place> places,
         Handovers handovers,
         std::shared_ptr<pipeline::ObserverThreads> observers,
         const config::ObserverLimits& limits)
    : places_(std::move(places)),
      handovers_(std::move(handovers)),
      observers_(std::move(observers)),
      limits_(limits),
      queues_(handovers_.size()),
      users_(std::make_shared<Users>()) {
    pipeline::Underway::Instances those;
    for (const Handover& each : handovers_) {
        if (!is_observer(*each.from)) those.push_back(each.from.get());
    }
    if (those.empty()) places_.clear();
    users_->of_loops.assign(places_.size(), Users::kNotHeard);
    for (std::size_t i = 0; i < places_.size(); ++i) {
        auto told = [users = users_, i](std::uint64_t count) { users->tell(i, count); };
        places_[i].loop->post([place = places_[i], those, told = std::move(told)]() mutable {
            place.loop->wake();
            place.front->underway().hold(std::move(those), std::move(told));
        });
    }
}

// Behind a World that they were told of, which goes by way of the first.
Gap::~Gap() {
    for (const Queue& queue : queues_) {
        if (queue != nullptr) pipeline::ObserverThreads::release(*queue, std::nullopt);
    }
    if (places_.empty()) return;
    places_.front().loop->post([places = places_] {
        for (const Place& place : places) {
            place.loop->post([place] {
                place.loop->wake();
                place.front->underway().release();
            });
        }
    });
}

Result<void> Gap::hand_over(std::chrono::milliseconds time_max) {
    const Watched watched;
    until_ = Clock::now() + time_max;
    if (auto done = wait_for_exchanges(); !done) return done;
    if (auto done = wait_for_observers(); !done) return done;
    return relieve_all();
}

Result<void> Gap::wait_for_exchanges() {
    std::unique_lock lock(users_->mutex);
    if (users_->changed.wait_until(lock, until_, [this] { return users_->are_gone(); })) return {};
    std::uint64_t count = 0;
    for (const std::uint64_t each : users_->of_loops) count += each == Users::kNotHeard ? 1 : each;
    return failed(*handovers_.front().from,
                  std::to_string(count) +
                      (count == 1 ? " exchange still uses" : " exchanges still use") +
                      " it after plugins.gap_ms; the one before goes on: try again when they "
                      "are over");
}

Result<void> Gap::wait_for_observers() {
    for (std::size_t i = 0; i < handovers_.size(); ++i) {
        const Instance& from = *handovers_[i].from;
        if (!is_observer(from)) continue;
        queues_[i] = observers_->queue_of(from, limits_);
        if (queues_[i] == nullptr) continue;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
        const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 1));
        if (pipeline::ObserverThreads::hold(*queues_[i], ms)) continue;
        return failed(from, "is still at work after plugins.gap_ms; it goes on: try again later");
    }
    return {};
}

Result<void> Gap::relieve_all() {
    for (std::size_t i = 0; i < handovers_.size(); ++i) {
        const auto done = handovers_[i].to->relieve(*handovers_[i].from);
        if (done) continue;
        base::Error why = done.error();
        for (std::size_t back = i; back-- > 0;) {
            const auto given = handovers_[back].to->give_back(*handovers_[back].from);
            if (!given) why.message += "; " + given.error().message;
        }
        why.message.insert(0, "\"" + handovers_[i].to->name() + "\": ");
        return why;
    }
    for (std::size_t i = 0; i < handovers_.size(); ++i) {
        if (queues_[i] == nullptr) continue;
        pipeline::ObserverThreads::release(*queues_[i], plugins::Observer(handovers_[i].to));
        queues_[i] = nullptr;
    }
    return {};
}

}  // namespace parley::live
