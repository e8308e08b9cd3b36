// routing/policies.cpp: the policies that are built in.
#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "routing/policy.hpp"

namespace parley::routing {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
using Weights = std::span<const std::uint32_t>;

// Independent numbers of one ask's random bits.
std::uint64_t mixed(std::uint64_t random, std::uint64_t salt) {
    std::uint64_t x = random + salt * 0x9E37'79B9'7F4A'7C15;
    x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
    x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
    return x ^ (x >> 31);
}

// `x` of the whole range as the same share of `range`.
std::uint64_t scaled(std::uint64_t x, std::uint64_t range) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(Wide{x} * range >> 64);
}

// The usable one with the least cost: of all when they are few, else of some at random.
template <class CostOf>
std::size_t cheapest(const Usable& usable, const Ask& ask, CostOf&& cost_of, std::size_t few) {
    constexpr std::size_t kSamples = 8;
    const std::size_t size = usable.size();
    std::size_t best = kNobody;
    float least = 0;
    const auto look_at = [&](std::size_t i) {
        const float cost = cost_of(i);
        if (best != kNobody && cost >= least) return;
        best = i;
        least = cost;
    };
    // From a random one on, so that equals take turns.
    std::size_t i = usable.next(scaled(ask.random, size));
    if (i == kNobody) return i;
    if (size > few) {
        for (std::size_t n = 1; n <= kSamples && i != kNobody; ++n) {
            look_at(i);
            i = usable.next(scaled(mixed(ask.random, n), size));
        }
        return best;
    }
    const std::size_t first = i;
    do {
        look_at(i);
        i = usable.next(i + 1);
    } while (i != first && i != kNobody);
    return best;
}

class RoundRobin final : public Policy {
public:
    std::size_t pick(const Usable& usable, const Ask&) override {
        // From the one that was picked last, not from a plain count: those behind a gap would get
        // the turns of all in it.
        constexpr int kRacesMax = 8;
        std::size_t last = last_.load(kRelaxed);
        for (int race = 0;; ++race) {
            const std::size_t i = usable.next(last + 1);
            if (i == kNobody || race == kRacesMax) return i;
            if (last_.compare_exchange_weak(last, i, kRelaxed)) return i;
        }
    }

private:
    std::atomic<std::size_t> last_{kNobody};
};

// Smooth without a counter for each: picks are spread over the weights laid end to end by steps
// of the golden ratio, which comes back to each stretch in even intervals.
class Weighted final : public Policy {
public:
    explicit Weighted(Weights weights) : ends_(weights.size()) {
        std::uint64_t end = 0;
        std::transform(weights.begin(), weights.end(), ends_.begin(), [&](std::uint32_t w) {
            return end += w;
        });
    }

    std::size_t pick(const Usable& usable, const Ask&) override {
        constexpr int kTries = 4;
        std::uint64_t at = 0;
        for (int i = 0; i < kTries; ++i) {
            at = turn_.fetch_add(1, kRelaxed) * kGoldenRatio;
            const std::size_t found = index_at(scaled(at, ends_.back()));
            if (usable.has(found)) return found;
        }
        return among_the_usable(usable, at);
    }

private:
    static constexpr std::uint64_t kGoldenRatio = 0x9E37'79B9'7F4A'7C15;
    static constexpr std::size_t kFew = 128;

    std::size_t index_at(std::uint64_t point) const {
        return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), point) -
                                        ends_.begin());
    }

    // Most are not usable, or the heavy ones are not.
    std::size_t among_the_usable(const Usable& usable, std::uint64_t at) const {
        const std::size_t start = index_at(scaled(at, ends_.back()));
        std::uint64_t sum = 0;
        std::size_t count = 0;
        const std::size_t first = usable.next(start);
        if (first == kNobody) return kNobody;
        std::size_t i = first;
        do {
            sum += usable.weight(i);
            i = usable.next(i + 1);
        } while (++count < kFew && i != first && i != kNobody);
        std::uint64_t point = scaled(mixed(at, 1), sum);
        for (i = first; point >= usable.weight(i);) {
            point -= usable.weight(i);
            const std::size_t next = usable.next(i + 1);
            if (next == kNobody) break;
            i = next;
        }
        return i;
    }

    std::vector<std::uint64_t> ends_;
    std::atomic<std::uint64_t> turn_{0};
};

class FillFirst final : public Policy {
public:
    std::size_t pick(const Usable& usable, const Ask&) override { return usable.next(0); }
};

class LeastBusy final : public Policy {
public:
    std::size_t pick(const Usable& usable, const Ask& ask) override {
        constexpr std::size_t kFew = 32;
        const auto cost_of = [&](std::size_t i) {
            return static_cast<float>(usable.in_flight(i)) / static_cast<float>(usable.weight(i));
        };
        return cheapest(usable, ask, cost_of, kFew);
    }
};

class Latency final : public Policy {
public:
    std::size_t pick(const Usable& usable, const Ask& ask) override {
        const std::size_t size = usable.size();
        const std::size_t a = usable.next(scaled(ask.random, size));
        if (a == kNobody) return a;
        std::size_t b = usable.next(scaled(mixed(ask.random, 1), size));
        if (b == a) b = usable.next(a + 1);
        if (b == kNobody) return a;
        return cost_of(usable, b) < cost_of(usable, a) ? b : a;
    }

private:
    static float cost_of(const Usable& usable, std::size_t i) {
        // One that is not known yet is tried, but not by everybody at once.
        constexpr float kGuessMs = 1'000;
        const float ms = usable.content_ms(i);
        const auto busy = static_cast<float>(usable.in_flight(i));
        return ms <= 0 ? kGuessMs * busy : ms * (busy + 1);
    }
};

class Headroom final : public Policy {
public:
    std::size_t pick(const Usable& usable, const Ask& ask) override {
        constexpr std::size_t kFew = 16;
        const auto cost_of = [&](std::size_t i) {
            // What is under way has not been taken off the windows yet.
            constexpr float kUsedUp = 1e-3F;
            const auto busy = static_cast<float>(usable.in_flight(i));
            const auto weight = static_cast<float>(usable.weight(i));
            return (busy + 1) / weight / std::max(usable.headroom(i), kUsedUp);
        };
        return cheapest(usable, ask, cost_of, kFew);
    }
};

template <class T>
std::unique_ptr<Policy> make(Weights) {
    return std::make_unique<T>();
}

template <>
std::unique_ptr<Policy> make<Weighted>(Weights weights) {
    return std::make_unique<Weighted>(weights);
}

struct Row {
    std::string_view name;
    MakePolicy make;
};

constexpr std::array kRows{
    Row{"round-robin", make<RoundRobin>},
    Row{"weighted", make<Weighted>},
    Row{"fill-first", make<FillFirst>},
    Row{"least-busy", make<LeastBusy>},
    Row{"latency", make<Latency>},
    Row{"headroom", make<Headroom>},
};

}  // namespace

MakePolicy find_policy(std::string_view name) {
    for (const Row& row : kRows) {
        if (row.name == name) return row.make;
    }
    return nullptr;
}

std::vector<std::string> policy_names() {
    std::vector<std::string> names;
    for (const Row& row : kRows) names.emplace_back(row.name);
    return names;
}

}  // namespace parley::routing
