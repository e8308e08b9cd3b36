#include "accounts/key_checks.hpp"

#include <openssl/crypto.h>

namespace parley::accounts {

bool HashedKey::is(const base::Digest& digest) const {
    return CRYPTO_memcmp(digest_.data(), digest.data(), digest.size()) == 0;
}

bool HashedKey::check(const base::Secret& key) {
    const base::Digest digest = base::sha256(key.reveal());
    if (is_proven()) return is(digest);
    if (!hash_.fits(key.reveal())) return false;
    digest_ = digest;
    is_proven_.store(true, std::memory_order_release);
    return true;
}

KeyChecks::~KeyChecks() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    news_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool KeyChecks::check(std::shared_ptr<HashedKey> against,
                      base::Secret key,
                      std::size_t waiting_max,
                      std::function<void(bool)> then) {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= waiting_max) return false;
    jobs_.push_back({std::move(against), std::move(key), std::move(then)});
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    news_.notify_all();
    return true;
}

void KeyChecks::run() {
    std::unique_lock held(mutex_);
    for (;;) {
        news_.wait(held, [this] { return is_stopping_ || !jobs_.empty(); });
        if (is_stopping_) return;
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        held.unlock();
        job.then(job.against->check(job.key));
        held.lock();
    }
}

}  // namespace parley::accounts
