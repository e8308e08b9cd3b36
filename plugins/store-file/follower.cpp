#include "follower.hpp"

#include <map>
#include <set>

#include "documents.hpp"

namespace parley::store_file {

void Follower::open(std::string& why_not) {
    const std::lock_guard guard(mutex_);
    log_.open();
    hears_ = news_.open(folder_, why_not);
    heard_ = Heard{};
    const std::vector<Change> found = all_differences();
    if (!found.empty()) log_.append(found, log_.next_sequence());
}

void Follower::catch_up(sdk::Cancel cancel, const std::function<void(const ChangeLog&)>& show) {
    constexpr uint64_t kWaitMs = 200;
    {
        const std::lock_guard guard(mutex_);
        hear();
        log_.read_on();
        if (!heard_.is_elsewhere && differences().empty()) {
            heard_ = Heard{};
            show(log_);
            return;
        }
    }
    // Either somebody is between a file and its line in the log, or the file is from outside.
    const auto lock = Lock::attempt(folder_, kWaitMs, cancel);
    const std::lock_guard guard(mutex_);
    hear();
    log_.read_on();
    if (lock) {
        // Its log is that of another day, whose positions are none of ours.
        if (heard_.is_elsewhere) log_.start_anew();
        const std::vector<Change> found = differences();
        if (!found.empty()) log_.append(found, log_.next_sequence());
        heard_ = Heard{};
    }
    show(log_);
}

int64_t Follower::next_sequence() {
    const std::lock_guard guard(mutex_);
    log_.read_on();
    return log_.next_sequence();
}

void Follower::reserve(std::span<const Change> changes) {
    const std::lock_guard guard(mutex_);
    log_.reserve(changes);
}

void Follower::append(std::span<const Change> changes, int64_t sequence) {
    const std::lock_guard guard(mutex_);
    log_.append(changes, sequence);
}

void Follower::doubt() {
    const std::lock_guard guard(mutex_);
    heard_.everything = true;
}

void Follower::hear() {
    news_.read(folder_, heard_);
}

std::vector<Change> Follower::differences() const {
    if (heard_.everything) return all_differences();
    std::map<std::string, uint64_t> now;
    for (const std::string& below : heard_.folders) add_revisions(folder_, below, now);
    for (const std::string& file : heard_.files) {
        const auto key = sdk::key_of_file(file);
        if (key) now[*key] = revision_of(find_document(folder_, *key));
    }
    std::vector<Change> found;
    for (const auto& [key, revision] : now) {
        if (log_.revision(key) != revision) found.push_back({key, revision});
    }
    return found;
}

std::vector<Change> Follower::all_differences() const {
    folder_.check();
    std::map<std::string, uint64_t> now;
    add_revisions(folder_, "", now);
    std::vector<Change> found;
    for (const auto& [key, revision] : now) {
        if (log_.revision(key) != revision) found.push_back({key, revision});
    }
    for (const std::string& key : log_.keys_below("", "", UINT64_MAX)) {
        if (!now.contains(key)) found.push_back({key, PARLEY_REVISION_NONE});
    }
    return found;
}

}  // namespace parley::store_file
