// routing/affinity.hpp: which account served a conversation last. A bounded table that all loops
// use without locks; what it says is a preference, so an entry that is lost or mixed up costs a
// prompt cache and nothing else.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

namespace parley::routing {

class Affinity {
public:
    // With no bytes it keeps nothing.
    Affinity(std::uint64_t bytes_max, std::uint64_t keep_ms);

    // The number of the account; 0: not known. Keys are hashes, never 0.
    std::uint32_t find(std::uint64_t key, std::int64_t now_ms) const;
    void keep(std::uint64_t key, std::uint32_t account, std::int64_t now_ms);

private:
    struct Slot {
        std::atomic<std::uint64_t> key{0};
        std::atomic<std::uint64_t> value{0};  // the account, and the second it was kept
    };

    using Row = std::array<Slot, 8>;

    const Row* row_of(std::uint64_t key) const;
    bool is_over(std::uint64_t value, std::int64_t now_ms) const;

    std::vector<Row> rows_;
    std::uint64_t keep_s_;
};

}  // namespace parley::routing
