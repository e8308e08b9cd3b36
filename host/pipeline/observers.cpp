#include "pipeline/observers.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.hpp"
#include "pipeline/notice.hpp"
#include "plugins/border.hpp"

namespace parley::pipeline {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kBatchMax = 1024;

}  // namespace

class ObserverThreads::Queue {
public:
    Queue(plugins::Observer observer, const config::ObserverLimits& limits)
        : name_(observer.name()), limits_(limits), told_(&observer.instance()) {
        observer_.emplace(std::move(observer));
    }

    // A thread that a plugin holds must hold up nobody else, so nobody joins it.
    static void begin(const std::shared_ptr<Queue>& queue) {
        std::thread([queue] { queue->run(); }).detach();
    }

    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    void push(const Outcome& outcome) {
        auto notice = std::make_unique<Notice>(outcome);
        const std::size_t bytes = notice->bytes();
        std::uint64_t dropped = 0;
        {
            const std::lock_guard lock(mutex_);
            bytes_ += bytes;
            waiting_.push_back(std::move(notice));
            while (bytes_ > limits_.queue_bytes_max && !waiting_.empty()) {
                bytes_ -= waiting_.front()->bytes();
                waiting_.pop_front();
                ++dropped_;
            }
            dropped = dropped_to_tell();
        }
        filled_.notify_one();
        if (dropped == 0) return;
        base::log(base::LogLevel::warn,
                  "an observer is too slow; notices were dropped (observers.queue_bytes_max)",
                  {{"observer", name_}, {"dropped", dropped}});
    }

    // One more World has it.
    void open() { ++worlds_; }

    // One less.
    void let_go() {
        if (--worlds_ == 0) close();
    }

    const plugins::Instance* told() const { return told_; }

    // False: it is closed, and ends.
    bool change(const config::ObserverLimits& limits) {
        const std::lock_guard lock(mutex_);
        limits_ = limits;
        return !is_closed_;
    }

    bool hold(std::uint64_t ms) {
        std::unique_lock lock(mutex_);
        is_held_ = true;
        const auto is_free = [this] { return !is_telling_; };
        return ended_.wait_for(lock, std::chrono::milliseconds(ms), is_free);
    }

    void release(std::optional<plugins::Observer> observer) {
        {
            const std::lock_guard lock(mutex_);
            is_held_ = false;
            if (observer) told_ = &observer->instance();
            if (observer) observer_ = std::move(observer);
        }
        filled_.notify_one();
    }

    // What waits is told yet, for stop_ms.
    void close() {
        {
            const std::lock_guard lock(mutex_);
            if (is_closed_) return;
            is_closed_ = true;
            until_ = Clock::now() + std::chrono::milliseconds(limits_.stop_ms);
        }
        filled_.notify_one();
    }

    // False: it is still at work when its time is over.
    bool wait_for_end() {
        std::unique_lock lock(mutex_);
        if (!ended_.wait_until(lock, until_, [this] { return has_ended_; })) {
            // What looks at its token has a moment more.
            stop_->store(true);
            constexpr std::chrono::milliseconds kMoment{500};
            return ended_.wait_for(lock, kMoment, [this] { return has_ended_; });
        }
        return true;
    }

    bool has_ended() {
        const std::lock_guard lock(mutex_);
        return has_ended_;
    }

private:
    using Notices = std::deque<std::unique_ptr<Notice>>;

    void run() {
        for (;;) {
            Notices batch = take();
            if (batch.empty()) break;
            tell(batch);
            const std::lock_guard lock(mutex_);
            is_telling_ = false;
            ended_.notify_all();
        }
        observer_.reset();
        const std::lock_guard lock(mutex_);
        has_ended_ = true;
        ended_.notify_all();
    }

    // Empty: the queue is closed and there is nothing more, or no time.
    Notices take() {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return !is_held_ && (is_closed_ || !waiting_.empty()); });
        Notices batch;
        if (is_closed_ && Clock::now() >= until_ && !waiting_.empty()) {
            base::log(base::LogLevel::warn,
                      "an observer was not told all before the end (observers.stop_ms)",
                      {{"observer", name_}, {"dropped", waiting_.size()}});
            return batch;
        }
        while (!waiting_.empty() && batch.size() < kBatchMax) {
            batch.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        untold_ = std::exchange(dropped_, 0);
        is_telling_ = !batch.empty();
        return batch;
    }

    void tell(const Notices& batch) {
        std::vector<const parley_notice*> list;
        std::size_t bytes = 0;
        for (const auto& notice : batch) {
            list.push_back(notice->border());
            bytes += notice->bytes();
        }
        auto told = plugins::sized<parley_notice_batch>();
        told.notices = list.data();
        told.notice_count = list.size();
        told.dropped = untold_;
        constexpr std::uint64_t kForEver = std::uint64_t{1} << 40;
        const plugins::Cancel cancel(kForEver, stop_);
        const auto done = observer_->observe(told, cancel);
        if (!done) {
            base::log(
                base::LogLevel::warn,
                "an observer failed; what it was told is lost",
                {{"observer", name_}, {"notices", batch.size()}, {"why", done.error().message}});
        }
        const std::lock_guard lock(mutex_);
        bytes_ -= bytes;
    }

    // Once a second.
    std::uint64_t dropped_to_tell() {
        const auto now = Clock::now();
        if (dropped_ == logged_ || now < told_at_ + std::chrono::seconds(1)) return 0;
        told_at_ = now;
        logged_ = dropped_;
        return dropped_;
    }

    const std::string name_;
    config::ObserverLimits limits_;
    std::optional<plugins::Observer> observer_;  // the thread's, unless it is held
    const plugins::Instance* told_ = nullptr;    // the control thread's: whom it tells
    int worlds_ = 0;                             // likewise: that have it
    std::uint64_t untold_ = 0;                   // likewise: dropped since the batch before
    plugins::StopFlag stop_ = plugins::make_stop_flag();
    std::mutex mutex_;
    std::condition_variable filled_;
    std::condition_variable ended_;
    Notices waiting_;
    std::size_t bytes_ = 0;  // of those, and of those that are being told
    std::uint64_t dropped_ = 0;
    std::uint64_t logged_ = 0;
    Clock::time_point told_at_;
    Clock::time_point until_;
    bool is_held_ = false;
    bool is_telling_ = false;
    bool is_closed_ = false;
    bool has_ended_ = false;
};

std::shared_ptr<ObserverThreads::Queue> ObserverThreads::start(
    plugins::Observer observer, const config::ObserverLimits& limits) {
    reap();
    auto queue = queues_.emplace_back(std::make_shared<Queue>(std::move(observer), limits));
    Queue::begin(queue);
    return queue;
}

std::shared_ptr<ObserverThreads::Queue> ObserverThreads::queue_of(
    const plugins::Instance& instance, const config::ObserverLimits& limits) {
    reap();
    const auto tells = [&](const auto& queue) { return queue->told() == &instance; };
    const auto found = std::find_if(queues_.begin(), queues_.end(), tells);
    if (found == queues_.end()) return nullptr;
    if ((*found)->change(limits)) return *found;
    (*found)->wait_for_end();
    return nullptr;
}

bool ObserverThreads::hold(Queue& queue, std::uint64_t ms) {
    return queue.hold(ms);
}

void ObserverThreads::release(Queue& queue, std::optional<plugins::Observer> observer) {
    queue.release(std::move(observer));
}

// Those that have ended since.
void ObserverThreads::reap() {
    std::erase_if(queues_, [](const auto& queue) { return queue->has_ended(); });
}

bool ObserverThreads::finish() {
    for (const auto& queue : queues_) queue->close();
    bool has_ended = true;
    for (const auto& queue : queues_) {
        if (queue->wait_for_end()) continue;
        has_ended = false;
        base::log(base::LogLevel::warn, "an observer does not end");
    }
    return has_ended;
}

ObserverThreads::~ObserverThreads() {
    finish();
}

Observers::Observers(std::shared_ptr<ObserverThreads> threads, Queues queues)
    : threads_(std::move(threads)), queues_(std::move(queues)) {
    for (const auto& queue : queues_) queue->open();
}

Observers::~Observers() {
    for (const auto& queue : queues_) queue->let_go();
}

void Observers::tell(const Outcome& outcome) const {
    for (const auto& queue : queues_) queue->push(outcome);
}

}  // namespace parley::pipeline
