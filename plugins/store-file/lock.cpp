#include "lock.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace parley::store_file {

namespace {

using Clock = std::chrono::steady_clock;

// A description of its own: locks belong to those, not to processes.
Descriptor open_lock(const Folder& folder, std::string_view name) {
    const std::string path = folder.path(name);
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.is_open()) return file;
    const int error = errno;
    if (error == ENOENT) folder.check();
    throw system_failure(error, "cannot be opened", path);
}

bool take(const Descriptor& file, Clock::time_point until, sdk::Cancel cancel) {
    constexpr std::chrono::microseconds kFirstPause(50);
    constexpr std::chrono::microseconds kLastPause(2000);
    for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLastPause)) {
        if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK && errno != EINTR) {
            throw system_failure(errno, "cannot be locked", "the store");
        }
        cancel.check();
        if (Clock::now() >= until) return false;
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

std::optional<Lock> Lock::attempt(const Folder& folder, uint64_t wait_ms, sdk::Cancel cancel) {
    const auto until = Clock::now() + std::chrono::milliseconds(wait_ms);
    const Descriptor queue = open_lock(folder, ".parley/queue");
    if (!take(queue, until, cancel)) return std::nullopt;
    Descriptor file = open_lock(folder, ".parley/lock");
    if (!take(file, until, cancel)) return std::nullopt;
    return Lock(std::move(file));
}

Lock::Lock(const Folder& folder, uint64_t wait_ms, sdk::Cancel cancel) {
    auto taken = attempt(folder, wait_ms, cancel);
    if (!taken) {
        throw sdk::store_failure(PARLEY_E_OVERLOADED,
                                 folder.root() + ": another has been writing for more than " +
                                     std::to_string(wait_ms) + " ms",
                                 wait_ms);
    }
    file_ = std::move(taken->file_);
}

}  // namespace parley::store_file
