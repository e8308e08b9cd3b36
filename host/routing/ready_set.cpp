#include "routing/ready_set.hpp"

#include <bit>

namespace parley::routing {

namespace {

constexpr std::size_t words_for(std::size_t bits) {
    return (bits + 63) / 64;
}

void fill(std::vector<std::atomic<std::uint64_t>>& words, std::size_t bits) {
    for (std::size_t i = 0; i < bits; ++i) words[i / 64] |= std::uint64_t{1} << (i % 64);
}

constexpr std::uint64_t from_bit(std::size_t bit) {
    return ~std::uint64_t{0} << bit;
}

}  // namespace

ReadySet::ReadySet(std::size_t size)
    : words_(words_for(size)),
      summary_(words_for(words_.size())),
      dues_(size),
      word_dues_(words_.size()) {
    fill(words_, size);
    fill(summary_, words_.size());
    for (auto& due : word_dues_) due.store(kNever);
}

std::size_t ReadySet::bytes() const {
    return 8 * (words_.size() + summary_.size() + dues_.size() + word_dues_.size());
}

bool ReadySet::is_ready(std::size_t i) const {
    return (words_[i / kBits].load(std::memory_order_relaxed) >> (i % kBits) & 1) != 0;
}

std::size_t ReadySet::next(std::size_t from) const {
    if (from >= size()) from = 0;
    const std::size_t found = next_in(from, size());
    return found != kNone ? found : next_in(0, from);
}

// The first in [from, to).
std::size_t ReadySet::next_in(std::size_t from, std::size_t to) const {
    if (from >= to) return kNone;
    const auto within = [to](std::size_t i) { return i < to ? i : kNone; };
    const std::size_t first = from / kBits;
    const std::uint64_t here =
        words_[first].load(std::memory_order_relaxed) & from_bit(from % kBits);
    if (here != 0) return within(first * kBits + std::countr_zero(here));
    std::size_t w = first + 1;
    while (w * kBits < to) {
        const std::uint64_t some =
            summary_[w / kBits].load(std::memory_order_relaxed) & from_bit(w % kBits);
        if (some == 0) {
            w = (w / kBits + 1) * kBits;
            continue;
        }
        w = w / kBits * kBits + std::countr_zero(some);
        const std::uint64_t word = words_[w].load(std::memory_order_relaxed);
        if (word != 0) return within(w * kBits + std::countr_zero(word));
        ++w;
    }
    return kNone;
}

void ReadySet::take_out(std::size_t i, std::int64_t due_ms) {
    const std::size_t w = i / kBits;
    const std::uint64_t bit = std::uint64_t{1} << (i % kBits);
    dues_[i].store(due_ms, std::memory_order_relaxed);
    const std::uint64_t before = words_[w].fetch_and(~bit);
    if (before == bit) {
        const std::uint64_t summary_bit = std::uint64_t{1} << (w % kBits);
        summary_[w / kBits].fetch_and(~summary_bit);
        // Somebody may have put one back in between.
        if (words_[w].load() != 0) summary_[w / kBits].fetch_or(summary_bit);
    }
    lower(word_dues_[w], due_ms);
    lower(due_ms_, due_ms);
}

void ReadySet::put_back(std::size_t i) {
    const std::size_t w = i / kBits;
    words_[w].fetch_or(std::uint64_t{1} << (i % kBits));
    summary_[w / kBits].fetch_or(std::uint64_t{1} << (w % kBits));
}

void ReadySet::lower(std::atomic<std::int64_t>& least, std::int64_t to) {
    std::int64_t known = least.load();
    while (to < known && !least.compare_exchange_weak(known, to)) {
    }
}

}  // namespace parley::routing
