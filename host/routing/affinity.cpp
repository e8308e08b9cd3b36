#include "routing/affinity.hpp"

#include <new>

namespace parley::routing {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

using Shared = std::atomic_ref<std::uint64_t>;

constexpr std::uint64_t kCounted = std::uint64_t{1} << 63;

std::uint64_t second_of(std::uint64_t value) {
    return value & 0xFFFF'FFFF;
}

std::uint32_t account_of(std::uint64_t value) {
    return static_cast<std::uint32_t>((value & ~kCounted) >> 32);
}

}  // namespace

Affinity::Rows::Rows(std::size_t size)
    : size_(size), rows_(static_cast<Row*>(std::calloc(size, sizeof(Row)))) {
    if (size != 0 && rows_ == nullptr) throw std::bad_alloc();
}

Affinity::Affinity(std::uint64_t bytes_max, std::uint64_t keep_ms)
    : rows_(bytes_max / sizeof(Row)),
      keep_s_(keep_ms / 1000),
      counts_(rows_.size() == 0 ? 0 : kCounts) {}

Affinity::Row* Affinity::row_of(std::uint64_t key) const {
    if (rows_.size() == 0 || key == 0) return nullptr;
    // Spread, because the low bits of the key may be those of another hash table.
    const std::uint64_t spread = key * 0x9E37'79B9'7F4A'7C15;
    return &rows_[static_cast<std::size_t>((spread >> 32) % rows_.size())];
}

bool Affinity::is_over(std::uint64_t value, std::int64_t now_ms) const {
    const auto now = static_cast<std::uint64_t>(now_ms / 1000);
    return value == 0 || second_of(value) + keep_s_ < now;
}

std::uint32_t Affinity::find(std::uint64_t key, std::int64_t now_ms) const {
    Row* row = row_of(key);
    if (row == nullptr) return 0;
    for (Slot& slot : *row) {
        const Shared held(slot.key);
        if (held.load(kRelaxed) != key) continue;
        const std::uint64_t value = Shared(slot.value).load(std::memory_order_acquire);
        // Another key may have come into the slot in between.
        if (held.load(kRelaxed) != key) continue;
        return is_over(value, now_ms) ? 0 : account_of(value);
    }
    return 0;
}

std::atomic<std::int32_t>& Affinity::count_of(std::uint64_t value) {
    return counts_[account_of(value) % kCounts];
}

std::uint32_t Affinity::count(std::uint32_t account) const {
    if (counts_.empty()) return 0;
    const std::int32_t count = counts_[account % kCounts].load(kRelaxed);
    return count < 0 ? 0 : static_cast<std::uint32_t>(count);
}

void Affinity::keep(std::uint64_t key,
                    std::uint32_t account,
                    std::int64_t now_ms,
                    bool is_counted) {
    Row* row = row_of(key);
    if (row == nullptr) return;
    Slot* oldest = &row->front();
    for (Slot& slot : *row) {
        if (Shared(slot.key).load(kRelaxed) == key) {
            oldest = &slot;
            break;
        }
        const bool is_older = second_of(Shared(slot.value).load(kRelaxed)) <
                              second_of(Shared(oldest->value).load(kRelaxed));
        if (is_older) oldest = &slot;
    }
    const auto now = static_cast<std::uint64_t>(now_ms / 1000) & 0xFFFF'FFFF;
    const std::uint64_t value =
        (is_counted ? kCounted : 0) | (std::uint64_t{account} & 0x7FFF'FFFF) << 32 | now;
    // Written only when it changes, since rows are shared by all loops. Who finds the new value
    // finds the new key as well.
    const Shared held(oldest->key);
    const Shared known(oldest->value);
    if (held.load(kRelaxed) != key) held.store(key, kRelaxed);
    if (known.load(kRelaxed) == value) return;
    const std::uint64_t before = known.exchange(value, std::memory_order_acq_rel);
    if ((before & ~0xFFFF'FFFFULL) == (value & ~0xFFFF'FFFFULL)) return;
    if ((before & kCounted) != 0) count_of(before).fetch_sub(1, kRelaxed);
    if (is_counted) count_of(value).fetch_add(1, kRelaxed);
}

}  // namespace parley::routing
