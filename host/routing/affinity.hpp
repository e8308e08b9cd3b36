// routing/affinity.hpp: which account served a conversation last. A bounded table that all loops
// use without locks; what it says is a preference, so an entry that is lost or mixed up costs a
// prompt cache and nothing else.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace parley::routing {

class Affinity {
public:
    // With no bytes it keeps nothing.
    Affinity(std::uint64_t bytes_max, std::uint64_t keep_ms);

    // The number of the account; 0: not known. Keys are hashes, never 0.
    std::uint32_t find(std::uint64_t key, std::int64_t now_ms) const;
    // What is counted stands for a conversation, and is one of count().
    void keep(std::uint64_t key,
              std::uint32_t account,
              std::int64_t now_ms,
              bool is_counted = false);

    // How many conversations are kept on the account; of thousands of accounts, about.
    std::uint32_t count(std::uint32_t account) const;

private:
    // Read and written by std::atomic_ref.
    struct Slot {
        std::uint64_t key;
        std::uint64_t value;  // counted, the account, and the second it was kept
    };

    using Row = std::array<Slot, 8>;

    // Memory of which only what was written to is there.
    class Rows {
    public:
        explicit Rows(std::size_t size);

        ~Rows() { std::free(rows_); }

        Rows(const Rows&) = delete;
        Rows& operator=(const Rows&) = delete;

        std::size_t size() const { return size_; }

        Row& operator[](std::size_t i) const { return rows_[i]; }

    private:
        std::size_t size_;
        Row* rows_;
    };

    Row* row_of(std::uint64_t key) const;
    bool is_over(std::uint64_t value, std::int64_t now_ms) const;

    static constexpr std::size_t kCounts = 4096;  // accounts that are told apart in them

    std::atomic<std::int32_t>& count_of(std::uint64_t value);

    Rows rows_;
    std::uint64_t keep_s_;
    std::vector<std::atomic<std::int32_t>> counts_;
};

}  // namespace parley::routing
