#include "changes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::store_file {

namespace {

constexpr std::string_view kFile = ".parley/changes";

constexpr std::string_view kMark = "parley-changes/1 ";

// A log of at least so many lines is shortened when most of them are of no use any more.
constexpr uint64_t kLinesMin = 4096;

constexpr std::size_t kRemovedMax = 10'000;

int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

// Reads a number and the character behind it.
template <class Number>
bool read_number(std::string_view& text, Number& out, char behind) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    const auto size = static_cast<std::size_t>(read.ptr - text.data());
    if (read.ec != std::errc() || size == text.size() || text[size] != behind) return false;
    text.remove_prefix(size + 1);
    return true;
}

std::string line_of(int64_t sequence, const Change& change) {
    return std::to_string(sequence) + ' ' + std::to_string(change.revision) + ' ' + change.key +
           '\n';
}

}  // namespace

void ChangeLog::open() {
    if (!read_from_start()) start_anew();
}

void ChangeLog::start_anew() {
    start(next_sequence());
}

void ChangeLog::start(int64_t floor) {
    std::random_device random;
    id_ = std::to_string((uint64_t{random()} << 32 | random()) | 1);
    floor_ = last_ = floor;
    folder_.replace(kFile, std::string(kMark) + id_ + ' ' + std::to_string(floor_) + '\n');
    if (read_from_start()) return;
    throw sdk::store_failure(PARLEY_E_CORRUPT_STATE,
                             folder_.path(kFile) + ": does not stay as it was written");
}

bool ChangeLog::read_from_start() {
    const std::string path = folder_.path(kFile);
    Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    if (!file.is_open()) {
        if (errno == ENOENT) return false;
        throw system_failure(errno, "cannot be opened", path);
    }

    struct stat found {};

    if (::fstat(file.get(), &found) != 0) throw system_failure(errno, "cannot stat", path);
    file_ = std::move(file);
    inode_ = found.st_ino;
    read_bytes_ = lines_ = 0;
    id_.clear();
    entries_.clear();
    read_on();
    return !id_.empty();
}

void ChangeLog::read_on() {
    struct stat found {};

    const std::string path = folder_.path(kFile);
    if (::stat(path.c_str(), &found) != 0) {
        const int error = errno;
        folder_.check();
        throw system_failure(error, "cannot be looked at", path);
    }
    if (found.st_ino != inode_ || static_cast<uint64_t>(found.st_size) < read_bytes_) {
        if (read_from_start()) return;
        throw sdk::store_failure(PARLEY_E_CORRUPT_STATE, path + ": is not a log of changes");
    }
    std::string text;
    std::array<char, 64 * 1024> piece{};
    while (static_cast<uint64_t>(found.st_size) > read_bytes_ + text.size()) {
        const auto at = static_cast<off_t>(read_bytes_ + text.size());
        const ssize_t count = ::pread(file_.get(), piece.data(), piece.size(), at);
        if (count < 0) throw system_failure(errno, "cannot read", path);
        if (count == 0) break;
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    take(text);
}

// False when what stands there is no log. Half a line at the end is one that is not written yet, or
// never will be; the next one to append cuts it off.
bool ChangeLog::take(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == text.npos) return true;
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (read_bytes_ == 0) {
            if (!line.starts_with(kMark)) return false;
            line.remove_prefix(kMark.size());
            const std::size_t space = line.find(' ');
            if (space == line.npos) return false;
            const std::string_view floor = line.substr(space + 1);
            std::from_chars(floor.data(), floor.data() + floor.size(), floor_);
            id_ = line.substr(0, space);
            last_ = floor_;
            latest_ = std::max(latest_, last_);
        } else {
            take_line(line);
        }
        read_bytes_ += end + 1;
    }
    return true;
}

void ChangeLog::take_line(std::string_view line) {
    Entry entry;
    if (!read_number(line, entry.sequence, ' ') || !read_number(line, entry.revision, ' ')) return;
    last_ = std::max(last_, entry.sequence);
    latest_ = std::max(latest_, last_);
    entries_[std::string(line)] = entry;
    ++lines_;
}

int64_t ChangeLog::next_sequence() const {
    return std::max(now_ns(), latest_ + 1);
}

void ChangeLog::reserve(std::span<const Change> changes) const {
    constexpr std::size_t kNumbersMax = 48;
    std::size_t size = 0;
    for (const Change& change : changes) size += kNumbersMax + change.key.size();
    const auto at = static_cast<off_t>(read_bytes_);
    const int done = ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, at, static_cast<off_t>(size));
    // Some file systems give no such promise.
    if (done == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return;
    throw system_failure(errno, "cannot be written", folder_.path(kFile));
}

void ChangeLog::append(std::span<const Change> changes, int64_t sequence) {
    std::string text;
    for (const Change& change : changes) text += line_of(sequence, change);
    const std::string path = folder_.path(kFile);
    // What a process left that was killed in the middle of a line.
    if (::ftruncate(file_.get(), static_cast<off_t>(read_bytes_)) != 0) {
        throw system_failure(errno, "cannot be cut", path);
    }
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t count = ::write(file_.get(), rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw system_failure(errno, "cannot write", path);
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    take(text);
    if (lines_ > kLinesMin && lines_ > 2 * entries_.size()) shorten();
}

// Only the last line of each document is of use, and of removed ones only the latest are kept.
void ChangeLog::shorten() {
    std::vector<int64_t> removed;
    for (const auto& [key, entry] : entries_) {
        if (entry.revision == PARLEY_REVISION_NONE) removed.push_back(entry.sequence);
    }
    if (removed.size() > kRemovedMax) {
        const auto oldest = removed.end() - kRemovedMax;
        std::nth_element(removed.begin(), oldest, removed.end());
        floor_ = std::max(floor_, *oldest);
    }
    std::vector<std::pair<int64_t, std::string>> lines;
    for (const auto& [key, entry] : entries_) {
        const bool forgotten = entry.revision == PARLEY_REVISION_NONE && entry.sequence < floor_;
        if (!forgotten) {
            lines.emplace_back(entry.sequence, line_of(entry.sequence, {key, entry.revision}));
        }
    }
    std::sort(lines.begin(), lines.end());
    std::string text = std::string(kMark) + id_ + ' ' + std::to_string(floor_) + '\n';
    for (const auto& line : lines) text += line.second;
    folder_.replace(kFile, text);
    read_from_start();
}

uint64_t ChangeLog::revision(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? PARLEY_REVISION_NONE : found->second.revision;
}

std::vector<std::string> ChangeLog::keys_below(std::string_view prefix,
                                               std::string_view after,
                                               uint64_t limit) const {
    std::vector<std::string> keys;
    auto at = after < prefix ? entries_.lower_bound(prefix) : entries_.upper_bound(after);
    for (; at != entries_.end() && at->first.starts_with(prefix) && keys.size() < limit; ++at) {
        if (at->second.revision != PARLEY_REVISION_NONE) keys.push_back(at->first);
    }
    return keys;
}

std::vector<std::string> ChangeLog::changed(std::string_view prefix, int64_t since) const {
    std::vector<std::string> keys;
    for (auto at = entries_.lower_bound(prefix);
         at != entries_.end() && at->first.starts_with(prefix);
         ++at) {
        if (at->second.sequence > since) keys.push_back(at->first);
    }
    return keys;
}

std::string ChangeLog::position() const {
    return id_ + ':' + std::to_string(last_);
}

bool ChangeLog::read_position(std::string_view text, int64_t& sequence) const {
    if (!text.starts_with(id_ + ':')) return false;
    text.remove_prefix(id_.size() + 1);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), sequence);
    const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
    return is_number && sequence >= floor_ && sequence <= last_;
}

}  // namespace parley::store_file
