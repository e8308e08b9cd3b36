#include "supervisor/watchdog.hpp"

namespace parley::supervisor {

namespace {

Watchdog::Step step_of(const base::BlackBox& box, std::uint64_t held_ms) {
    const auto over = [held_ms](const std::atomic<std::uint32_t>& limit) {
        const std::uint32_t most = limit.load(std::memory_order_relaxed);
        return most != 0 && held_ms >= most;
    };
    if (over(box.stuck_abort_ms)) return Watchdog::Step::abort;
    if (over(box.stuck_dump_ms)) return Watchdog::Step::dump;
    return over(box.slow_call_ms) ? Watchdog::Step::slow : Watchdog::Step::none;
}

}  // namespace

std::vector<Watchdog::Finding> Watchdog::look(const base::BlackBox& box, std::uint64_t now_ms) {
    std::vector<Finding> found;
    saw_life_ = false;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        const base::BlackBoxLine& line = box.lines[i];
        Seen& seen = seen_[i];
        const std::int32_t thread = line.thread.load(std::memory_order_relaxed);
        if (thread == 0 || line.is_loop.load(std::memory_order_relaxed) == 0) continue;
        const base::Place place = line.now.load(std::memory_order_relaxed);
        const std::uint32_t visits = line.visits.load(std::memory_order_relaxed);
        const bool is_same = seen.thread == thread && seen.place == place && seen.visits == visits;
        saw_life_ = saw_life_ || place != 0 || !is_same;
        if (!is_same) seen = {thread, place, visits, now_ms, Step::none};
        if (place == 0) continue;
        const std::uint64_t held_ms = now_ms - seen.since_ms;
        const Step step = step_of(box, held_ms);
        if (step <= seen.told) continue;
        seen.told = step;
        found.push_back({step, thread, place, held_ms});
    }
    return found;
}

}  // namespace parley::supervisor
