#include "policy.hpp"

#include <algorithm>

namespace parley::example_policy {

namespace {

constexpr std::uint32_t kMost = 1000;
constexpr std::int64_t kForgivenMs = 120'000;  // how long a failure is remembered

}  // namespace

std::uint32_t Cautious::trust(std::uint64_t number, std::int64_t now_ms) const {
    const Slot& slot = slots_[index_of(number)];
    const std::int64_t age = now_ms - slot.since_ms.load(std::memory_order_relaxed);
    const std::int64_t left = std::clamp<std::int64_t>(kForgivenMs - age, 0, kForgivenMs);
    const std::int64_t doubt = slot.doubt.load(std::memory_order_relaxed) * left / kForgivenMs;
    return kMost - static_cast<std::uint32_t>(std::min<std::int64_t>(doubt, kMost));
}

void Cautious::pick(const parley_pick_ask& ask,
                    std::span<const parley_candidate* const> candidates,
                    parley_pick& out) {
    out.action = PARLEY_PICK_INDEX;
    // A conversation stays while its account is trusted: its prompt is cached there.
    const bool is_known =
        (ask.flags & PARLEY_PICK_ASK_AFFINITY) != 0 && ask.affinity < candidates.size();
    if (is_known && trust(candidates[ask.affinity]->number, ask.monotonic_ms) > kMost / 2) {
        out.index = ask.affinity;
        return;
    }
    // Among equals the less busy, and from a random one on, so that they take turns.
    std::uint64_t best = 0;
    const std::size_t start = static_cast<std::size_t>(ask.random % candidates.size());
    for (std::size_t n = 0; n < candidates.size(); ++n) {
        const std::size_t i = (start + n) % candidates.size();
        const parley_candidate& candidate = *candidates[i];
        const std::uint64_t trusted = trust(candidate.number, ask.monotonic_ms) + 1;
        const std::uint64_t score = trusted * candidate.weight * kMost / (candidate.in_flight + 1);
        if (n != 0 && score <= best) continue;
        best = score;
        out.index = static_cast<std::uint32_t>(i);
    }
}

void Cautious::report(const parley_pick_report& report) noexcept {
    const std::uint32_t left = kMost - trust(report.number, report.monotonic_ms);
    auto& slot = slots_[index_of(report.number)];
    // Half of the trust goes with each failure, half of the doubt with each success.
    const std::uint32_t doubt = report.error_class == 0 ? left / 2 : (left + kMost) / 2;
    slot.doubt.store(doubt, std::memory_order_relaxed);
    slot.since_ms.store(report.monotonic_ms, std::memory_order_relaxed);
}

}  // namespace parley::example_policy
