// policy.hpp: picks whom it trusts most. Trust is lost with every failure and comes back slowly.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "parley/host.h"
#include "parley/policy.h"

namespace parley::example_policy {

class Cautious {
public:
    explicit Cautious(const parley_host*) {}

    void pick(const parley_pick_ask& ask,
              std::span<const parley_candidate* const> candidates,
              parley_pick& out);
    void report(const parley_pick_report& report) noexcept;

    // From 0, none, to 1000.
    std::uint32_t trust(std::uint64_t number, std::int64_t now_ms) const;

private:
    // What is known of one pair of account and model. All loops write it at once, and two pairs may
    // share a slot: a guess that is a little wrong, in bounded memory.
    struct Slot {
        std::atomic<std::uint32_t> doubt{0};  // 0 to 1000
        std::atomic<std::int64_t> since_ms{0};
    };

    static constexpr std::size_t kSlots = 4096;

    // Numbers are anything but random, so their bits are spread first.
    static std::size_t index_of(std::uint64_t number) {
        return static_cast<std::size_t>(number * 0x9E37'79B9'7F4A'7C15 >> 52) % kSlots;
    }

    std::array<Slot, kSlots> slots_{};
};

}  // namespace parley::example_policy
