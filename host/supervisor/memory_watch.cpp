#include "supervisor/memory_watch.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace parley::supervisor {

namespace {

constexpr std::uint64_t kSomeBytes = std::uint64_t{4} * 1024 * 1024;
constexpr int kCloseLooks = 200;

}  // namespace

void MemoryWatch::charge(const base::BlackBox& box, std::uint64_t bytes) {
    all_grown_ += bytes;
    std::array<std::size_t, base::BlackBox::kLines> met;
    std::size_t count = 0;
    for (const base::BlackBoxLine& line : box.lines) {
        const base::Place place = line.now.load(std::memory_order_relaxed);
        // A store's thread waits in its call for most of its life, whatever grows meanwhile.
        if (line.is_loop.load(std::memory_order_relaxed) == 0 || !box.plugin_of(place)) continue;
        const std::size_t number = (place >> 8) - 1;
        grown_[number].place = place;
        if (std::find(met.begin(), met.begin() + count, number) == met.begin() + count) {
            met[count++] = number;
        }
    }
    for (std::size_t i = 0; i < count; ++i) grown_[met[i]].bytes += bytes / count;
}

// What came back is taken from all alike: whose it was is not known.
void MemoryWatch::let_go(std::uint64_t bytes) {
    const std::uint64_t left = all_grown_ - std::min(all_grown_, bytes);
    const double part =
        all_grown_ == 0 ? 0 : static_cast<double>(left) / static_cast<double>(all_grown_);
    for (Grown& each : grown_) {
        each.bytes = static_cast<std::uint64_t>(static_cast<double>(each.bytes) * part);
    }
    all_grown_ = left;
}

std::optional<MemoryWatch::Finding> MemoryWatch::look(const base::BlackBox& box,
                                                      std::uint64_t bytes) {
    if (bytes == 0) return {};  // it has ended, which gives nothing back
    leak_bytes_ = box.leak_bytes.load(std::memory_order_relaxed);
    looks_left_ = std::max(0, looks_left_ - 1);
    if (before_ != 0 && bytes >= before_ + kSomeBytes) looks_left_ = kCloseLooks;
    if (before_ != 0 && bytes > before_) charge(box, bytes - before_);
    if (before_ != 0 && bytes < before_) let_go(before_ - bytes);
    before_ = bytes;
    const auto found = suspect();
    if (!found || found->grown < told_at_) return {};
    told_at_ = found->grown * 2;
    return found;
}

std::optional<MemoryWatch::Finding> MemoryWatch::suspect() const {
    const Grown& most =
        *std::max_element(grown_.begin(), grown_.end(), [](const Grown& a, const Grown& b) {
            return a.bytes < b.bytes;
        });
    const bool is_much = leak_bytes_ != 0 && most.bytes >= leak_bytes_;
    if (!is_much || most.bytes * 3 < all_grown_) return {};
    return Finding{most.place, most.bytes, before_};
}

std::uint64_t memory_of(pid_t process) {
    const std::string path = "/proc/" + std::to_string(process) + "/statm";
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return 0;
    unsigned long pages = 0;
    const bool is_read = std::fscanf(file, "%*u %lu", &pages) == 1;
    std::fclose(file);
    return is_read ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace parley::supervisor
