// routing/ready_set.hpp: which of many may be picked, and when those that may not are worth another
// look. All loops use it at once. It is a hint: who finds a member unfit takes it out.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

namespace parley::routing {

class ReadySet {
public:
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

    // All are ready.
    explicit ReadySet(std::size_t size);

    std::size_t size() const { return dues_.size(); }

    std::size_t bytes() const;

    bool is_ready(std::size_t i) const;

    // The first that is ready from `from` on, round the corner; kNone when there is none.
    std::size_t next(std::size_t from) const;

    // Takes one out until `due_ms`.
    void take_out(std::size_t i, std::int64_t due_ms);
    void put_back(std::size_t i);

    // What a look at a member that is out came to.
    struct Look {
        std::int64_t due_ms = 0;  // when to look again; 0: it is ready
        bool is_enough = false;   // look at no other now
    };

    // Looks at those whose time has come, at most kLooksMax of them.
    template <class LookAt>
    void visit_due(std::int64_t now_ms, LookAt&& look_at) {
        if (due_ms_.load(std::memory_order_relaxed) > now_ms) return;
        // Reset first: what others lower from here on is not lost.
        due_ms_.store(kNever);
        std::size_t looks_left = kLooksMax;
        std::int64_t soonest = kNever;
        for (std::size_t w = 0; w < word_dues_.size(); ++w) {
            if (looks_left > 0 && word_dues_[w].load() <= now_ms) {
                visit_word(w, now_ms, looks_left, look_at);
            }
            soonest = std::min(soonest, word_dues_[w].load());
        }
        lower(due_ms_, soonest);
    }

    // Looks at all that are out.
    template <class LookAt>
    void visit_all(LookAt&& look_at) {
        for (std::size_t i = 0; i < size(); ++i) {
            if (is_ready(i)) continue;
            const Look look = look_at(i);
            if (look.due_ms == 0) put_back(i);
            if (look.is_enough) return;
        }
    }

private:
    static constexpr std::size_t kBits = 64;
    static constexpr std::size_t kLooksMax = 128;
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    template <class LookAt>
    void visit_word(std::size_t w, std::int64_t now_ms, std::size_t& looks_left, LookAt&& look_at) {
        word_dues_[w].store(kNever);
        const std::size_t end = std::min((w + 1) * kBits, size());
        for (std::size_t i = w * kBits; i < end; ++i) {
            if (is_ready(i)) continue;
            std::int64_t due = dues_[i].load(std::memory_order_relaxed);
            if (due <= now_ms && looks_left > 0) {
                const Look look = look_at(i);
                looks_left = look.is_enough ? 0 : looks_left - 1;
                due = look.due_ms;
            }
            if (due == 0) {
                put_back(i);
            } else {
                dues_[i].store(due, std::memory_order_relaxed);
                lower(word_dues_[w], due);
            }
        }
    }

    static void lower(std::atomic<std::int64_t>& least, std::int64_t to);

    std::size_t next_in(std::size_t from, std::size_t to) const;

    // A bit for each member, and a bit for each word of these that has any.
    std::vector<std::atomic<std::uint64_t>> words_;
    std::vector<std::atomic<std::uint64_t>> summary_;
    std::vector<std::atomic<std::int64_t>> dues_;       // of those that are out
    std::vector<std::atomic<std::int64_t>> word_dues_;  // the least of a word
    std::atomic<std::int64_t> due_ms_{kNever};          // the least of all
};

}  // namespace parley::routing
