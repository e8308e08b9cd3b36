// accounts/key_checks.hpp: client keys that are kept by a slow hash are checked on a thread, one at
// a time, and once: what fitted is known by a fast digest from then on, and what did not is refused
// by it. So a flood of keys costs the loops nothing, and one of keys with a known id a bounded
// queue.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/digest.hpp"
#include "base/key_hash.hpp"
#include "base/secret.hpp"

namespace parley::accounts {

// A hash, and the one key that fits it, once that has come.
class HashedKey {
public:
    explicit HashedKey(base::KeyHash hash) : hash_(std::move(hash)) {}

    const base::KeyHash& hash() const { return hash_; }

    bool is_proven() const { return is_proven_.load(std::memory_order_acquire); }

    // Once it is proven: whether this is the key.
    bool is(const base::Digest& digest) const;

    // On the thread of the checks.
    bool check(const base::Secret& key);

private:
    const base::KeyHash hash_;
    base::Digest digest_{};
    std::atomic<bool> is_proven_{false};
};

// [any thread]
class KeyChecks {
public:
    KeyChecks() = default;
    ~KeyChecks();
    KeyChecks(const KeyChecks&) = delete;
    KeyChecks& operator=(const KeyChecks&) = delete;

    // `then` is told on the thread. False, and it is not told: so many wait already.
    bool check(std::shared_ptr<HashedKey> against,
               base::Secret key,
               std::size_t waiting_max,
               std::function<void(bool)> then);

private:
    struct Job {
        std::shared_ptr<HashedKey> against;
        base::Secret key;
        std::function<void(bool)> then;
    };

    void run();

    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<Job> jobs_;
    bool is_stopping_ = false;
    std::thread thread_;  // begun with the first check
};

}  // namespace parley::accounts
