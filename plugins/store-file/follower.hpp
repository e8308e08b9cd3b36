// follower.hpp: keeps the log of changes true to the files, whoever changes them.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "changes.hpp"
#include "lock.hpp"
#include "news.hpp"

namespace parley::store_file {

// For any threads. Who needs both takes the file lock before the mutex in here.
class Follower {
public:
    explicit Follower(Folder& folder) : folder_(folder), log_(folder) {}

    // Compares all documents with the log. Write lock. `why_not` says why changes from outside will
    // be found by comparing alone.
    void open(std::string& why_not);

    bool hears() const { return hears_; }

    // Waits for something to be heard; may be wrong about it.
    bool wait(int timeout_ms) const {
        return news_.wait(timeout_ms) || news_.is_elsewhere(folder_);
    }

    // Takes in all that was written before the call and shows the log of it. What came from outside
    // is told of a little later when others are writing all the time.
    void catch_up(sdk::Cancel cancel, const std::function<void(const ChangeLog&)>& show);

    // Write lock. A sequence for the next write, room for its lines, and the lines, once it is
    // done.
    int64_t next_sequence();
    void reserve(std::span<const Change> changes);
    void append(std::span<const Change> changes, int64_t sequence);
    // It is not known how a write ended.
    void doubt();

private:
    void hear();
    std::vector<Change> differences() const;
    std::vector<Change> all_differences() const;

    Folder& folder_;
    std::mutex mutex_;
    ChangeLog log_;
    News news_;
    Heard heard_;
    bool hears_ = false;
};

}  // namespace parley::store_file
