#include "pool.hpp"

namespace parley::store_postgres {

using sdk::Cancel;
using sdk::store_failure;
using Clock = std::chrono::steady_clock;

void Pool::open(Options options, std::string greeting, uint64_t connections, uint64_t timeout_ms) {
    options_ = std::move(options);
    greeting_ = std::move(greeting);
    connections_ = connections;
    timeout_ms_ = timeout_ms;
}

void Pool::close() {
    const std::lock_guard guard(mutex_);
    idle_.clear();
}

Deadline Pool::deadline() const {
    return Clock::now() + std::chrono::milliseconds(timeout_ms_);
}

std::unique_ptr<Connection> Pool::connect(Cancel cancel) const {
    const Deadline until = deadline();
    auto made = std::make_unique<Connection>(options_, until, cancel);
    made->run_all(greeting_, until, cancel);
    return made;
}

void Pool::use(Again again, Cancel cancel, const Work& work) {
    for (bool is_last = again == Again::kNo;; is_last = true) {
        const Deadline until = deadline();
        std::unique_ptr<Connection> connection = take(until, cancel);
        try {
            if (connection == nullptr) connection = connect(cancel);
            work(*connection, until);
            give_back(std::move(connection));
            return;
        } catch (const Broken& broken) {
            give_back(nullptr);
            // A server that does not answer will not do so now either.
            if (is_last || broken.error_class == PARLEY_E_OVERLOADED) throw;
        } catch (...) {
            const bool is_alive =
                connection != nullptr && !cancel.is_set() && connection->is_alive();
            give_back(is_alive ? std::move(connection) : nullptr);
            throw;
        }
    }
}

// One that waits, or null for room to make one.
std::unique_ptr<Connection> Pool::take(Deadline deadline, Cancel cancel) {
    constexpr std::chrono::milliseconds kSlice(50);
    std::unique_lock lock(mutex_);
    while (used_ == connections_) {
        cancel.check();
        if (Clock::now() >= deadline) {
            throw store_failure(PARLEY_E_OVERLOADED, "all connections are in use", 1000);
        }
        free_.wait_for(lock, kSlice);
    }
    ++used_;
    while (!idle_.empty()) {
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->is_alive()) return connection;
    }
    return nullptr;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
    {
        const std::lock_guard guard(mutex_);
        --used_;
        if (connection != nullptr) idle_.push_back(std::move(connection));
    }
    free_.notify_one();
}

}  // namespace parley::store_postgres
