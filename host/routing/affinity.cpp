#include "routing/affinity.hpp"

namespace parley::routing {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::uint64_t second_of(std::uint64_t value) {
    return value & 0xFFFF'FFFF;
}

}  // namespace

Affinity::Affinity(std::uint64_t bytes_max, std::uint64_t keep_ms)
    : rows_(bytes_max / sizeof(Row)), keep_s_(keep_ms / 1000) {}

const Affinity::Row* Affinity::row_of(std::uint64_t key) const {
    if (rows_.empty() || key == 0) return nullptr;
    // Spread, because the low bits of the key may be those of another hash table.
    const std::uint64_t spread = key * 0x9E37'79B9'7F4A'7C15;
    return &rows_[static_cast<std::size_t>((spread >> 32) % rows_.size())];
}

bool Affinity::is_over(std::uint64_t value, std::int64_t now_ms) const {
    const auto now = static_cast<std::uint64_t>(now_ms / 1000);
    return value == 0 || second_of(value) + keep_s_ < now;
}

std::uint32_t Affinity::find(std::uint64_t key, std::int64_t now_ms) const {
    const Row* row = row_of(key);
    if (row == nullptr) return 0;
    for (const Slot& slot : *row) {
        if (slot.key.load(kRelaxed) != key) continue;
        const std::uint64_t value = slot.value.load(kRelaxed);
        return is_over(value, now_ms) ? 0 : static_cast<std::uint32_t>(value >> 32);
    }
    return 0;
}

void Affinity::keep(std::uint64_t key, std::uint32_t account, std::int64_t now_ms) {
    auto* row = const_cast<Row*>(row_of(key));
    if (row == nullptr) return;
    Slot* oldest = &row->front();
    for (Slot& slot : *row) {
        if (slot.key.load(kRelaxed) == key) {
            oldest = &slot;
            break;
        }
        const bool is_older =
            second_of(slot.value.load(kRelaxed)) < second_of(oldest->value.load(kRelaxed));
        if (is_older) oldest = &slot;
    }
    const auto now = static_cast<std::uint64_t>(now_ms / 1000) & 0xFFFF'FFFF;
    const std::uint64_t value = std::uint64_t{account} << 32 | now;
    // Written only when it changes, since rows are shared by all loops.
    if (oldest->key.load(kRelaxed) != key) oldest->key.store(key, kRelaxed);
    if (oldest->value.load(kRelaxed) != value) oldest->value.store(value, kRelaxed);
}

}  // namespace parley::routing
