#include "accounts/health.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <mutex>

#include "parley/provider.h"

namespace parley::accounts {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr float kHalfLifeMs = 60'000;

float kept_after(std::int64_t ms) {
    return ms <= 0 ? 1.0F : std::exp2(-static_cast<float>(ms) / kHalfLifeMs);
}

// Outcomes of attempts, in one word so that they change together: successes and failures in units
// of 1/32, and the second when they were last forgotten.
struct Outcomes {
    static constexpr std::uint32_t kUnit = 32;
    static constexpr std::uint32_t kMax = 0xFFFF - kUnit;

    std::uint32_t good;
    std::uint32_t bad;
    std::uint32_t second;

    explicit Outcomes(std::uint64_t word)
        : good(word & 0xFFFF),
          bad((word >> 16) & 0xFFFF),
          second(static_cast<std::uint32_t>(word >> 32)) {}

    std::uint64_t word() const { return std::uint64_t{second} << 32 | bad << 16 | good; }

    void forget(std::int64_t now_ms) {
        const auto now = static_cast<std::uint32_t>(now_ms / 1000);
        if (now == second) return;
        const float kept = kept_after(std::int64_t{now - second} * 1000);
        good = static_cast<std::uint32_t>(std::lround(static_cast<float>(good) * kept));
        bad = static_cast<std::uint32_t>(std::lround(static_cast<float>(bad) * kept));
        second = now;
    }

    void add(bool is_success) {
        if (std::max(good, bad) > kMax) {
            good /= 2;
            bad /= 2;
        }
        (is_success ? good : bad) += kUnit;
    }
};

struct Latency {
    float ms;
    std::uint32_t at;  // the low bits of the time

    explicit Latency(std::uint64_t word)
        : ms(std::bit_cast<float>(static_cast<std::uint32_t>(word))),
          at(static_cast<std::uint32_t>(word >> 32)) {}

    std::uint64_t word() const {
        return std::uint64_t{at} << 32 | std::bit_cast<std::uint32_t>(ms);
    }

    float seen_at(std::int64_t now_ms) const {
        return ms * kept_after(static_cast<std::int32_t>(static_cast<std::uint32_t>(now_ms) - at));
    }
};

}  // namespace

struct Health::Details {
    struct Told {
        std::array<char, 24> name{};
        std::atomic<std::uint64_t> limit{0};
        std::atomic<std::uint64_t> remaining{0};
        std::atomic<std::int64_t> reset_ms{0};
        std::atomic<std::uint64_t> length_ms{1};
        std::atomic<unsigned> kind{0};
        std::atomic<bool> refills{false};
    };

    std::mutex mutex;  // for the last error and for new windows
    std::atomic<int> error_class{0};
    std::int64_t error_ms = 0;
    std::string error_text;
    std::array<Told, kWindowsMax> windows;
    std::atomic<std::size_t> window_count{0};

    Told* window_of(const Window& window);
};

Window Window::named(std::string_view name) {
    Window window;
    std::memcpy(window.name.data(), name.data(), std::min(name.size(), window.name.size() - 1));
    return window;
}

Health::~Health() {
    delete details_.load(kRelaxed);
}

Health::Details& Health::details() {
    Details* known = details_.load(std::memory_order_acquire);
    if (known != nullptr) return *known;
    auto made = std::make_unique<Details>();
    if (!details_.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel)) {
        return *known;
    }
    return *made.release();
}

// ---- attempts ----

void Health::begin() {
    in_flight_.fetch_add(1, kRelaxed);
    attempts_.fetch_add(1, kRelaxed);
}

void Health::end(std::int64_t now_ms) {
    in_flight_.fetch_sub(1, kRelaxed);
    ended_ms_.store(now_ms, kRelaxed);
}

void Health::take_back() {
    in_flight_.fetch_sub(1, kRelaxed);
    attempts_.fetch_sub(1, kRelaxed);
}

void Health::content(std::int64_t now_ms, std::int64_t content_ms) {
    const auto seen = static_cast<float>(std::max<std::int64_t>(content_ms, 1));
    std::uint64_t word = latency_.load(kRelaxed);
    Latency next(word);
    do {
        const Latency known(word);
        const float before = known.seen_at(now_ms);
        const float kept = before / std::max(known.ms, 1e-6F);
        next = known;
        next.ms = seen >= before ? seen : before + seen * (1 - kept);
        next.at = static_cast<std::uint32_t>(now_ms);
    } while (!latency_.compare_exchange_weak(word, next.word(), kRelaxed));
}

void Health::count(std::int64_t now_ms, bool is_success) {
    std::uint64_t word = outcomes_.load(kRelaxed);
    Outcomes next(word);
    do {
        next = Outcomes(word);
        next.forget(now_ms);
        next.add(is_success);
    } while (!outcomes_.compare_exchange_weak(word, next.word(), kRelaxed));
}

void Health::count_success(std::int64_t now_ms) {
    count(now_ms, true);
    failures_.store(0, kRelaxed);
}

std::uint32_t Health::count_failure(std::int64_t now_ms, int error_class, std::string_view text) {
    count(now_ms, false);
    constexpr std::size_t kTextBytesMax = 512;
    Details& kept = details();
    {
        const std::lock_guard lock(kept.mutex);
        kept.error_class = error_class;
        kept.error_ms = now_ms;
        kept.error_text = text.substr(0, kTextBytesMax);
    }
    return failures_.fetch_add(1, kRelaxed) + 1;
}

std::uint32_t Health::success_per_mille(std::int64_t now_ms) const {
    Outcomes seen(outcomes_.load(kRelaxed));
    seen.forget(now_ms);
    const std::uint32_t all = seen.good + seen.bad;
    return all == 0 ? 1000 : seen.good * 1000 / all;
}

float Health::content_ms(std::int64_t now_ms) const {
    return Latency(latency_.load(kRelaxed)).seen_at(now_ms);
}

LastError Health::last_error() const {
    const Details* known = known_details();
    if (known == nullptr) return {};
    const std::lock_guard lock(const_cast<Details*>(known)->mutex);
    return {known->error_class, known->error_ms, known->error_text};
}

int Health::failing_class() const {
    const Details* known = failures_.load(kRelaxed) == 0 ? nullptr : known_details();
    return known == nullptr ? 0 : known->error_class.load(kRelaxed);
}

// ---- cool-down ----

std::int64_t Health::next_ms() const {
    const std::int64_t until = until_ms_.load(std::memory_order_acquire);
    return until == 0 ? 0 : std::min(until, probe_ms_.load(kRelaxed));
}

bool Health::take_probe(std::int64_t now_ms) {
    if (next_ms() > now_ms) return false;
    bool free = false;
    if (!probed_.compare_exchange_strong(free, true, std::memory_order_acq_rel)) return false;
    // Another one may have failed in between.
    if (next_ms() <= now_ms) return true;
    give_probe_back();
    return false;
}

void Health::give_probe_back() {
    probed_.store(false, std::memory_order_release);
}

CoolDown Health::cool_down() const {
    const std::uint16_t why = why_.load(kRelaxed);
    const std::int64_t until = until_ms_.load(std::memory_order_acquire);
    if (until == 0) return {};
    return {until, probe_ms_.load(kRelaxed), why & 0xFF, unsigned{why} >> 8};
}

void Health::cool(const CoolDown& down, std::int64_t now_ms) {
    constexpr unsigned kLevelMax = 0xFF;
    const unsigned level = std::min(down.level, kLevelMax);
    why_.store(static_cast<std::uint16_t>(level << 8 | (down.error_class & 0xFF)), kRelaxed);
    probe_ms_.store(std::min(down.probe_ms, down.until_ms), kRelaxed);
    cooled_ms_.store(now_ms, kRelaxed);
    until_ms_.store(std::max<std::int64_t>(down.until_ms, 1), std::memory_order_release);
}

void Health::clear() {
    failures_.store(0, kRelaxed);
    why_.store(0, kRelaxed);
    cooled_ms_.store(0, kRelaxed);
    until_ms_.store(0, std::memory_order_release);
}

// ---- windows ----

Health::Details::Told* Health::Details::window_of(const Window& window) {
    const auto find = [&](std::size_t from, std::size_t to) -> Told* {
        for (; from < to; ++from) {
            if (windows[from].name == window.name) return &windows[from];
        }
        return nullptr;
    };
    const std::size_t known = window_count.load(std::memory_order_acquire);
    if (Told* found = find(0, known)) return found;
    const std::lock_guard lock(mutex);
    const std::size_t count = window_count.load(kRelaxed);
    if (Told* found = find(known, count)) return found;
    if (count == kWindowsMax) return nullptr;
    windows[count].name = window.name;
    window_count.store(count + 1, std::memory_order_release);
    return &windows[count];
}

void Health::told(const Window& window, std::int64_t now_ms) {
    Details::Told* told = details().window_of(window);
    if (told == nullptr) return;
    std::uint64_t length = window.length_ms;
    const auto left =
        static_cast<std::uint64_t>(std::max<std::int64_t>(window.reset_ms - now_ms, 1));
    if (window.refills) {
        length = left;
    } else if (length == 0) {
        length = std::max(told->length_ms.load(kRelaxed), left);
    }
    told->limit.store(window.limit, kRelaxed);
    told->remaining.store(std::min(window.remaining, window.limit), kRelaxed);
    told->reset_ms.store(window.reset_ms, kRelaxed);
    told->length_ms.store(length, kRelaxed);
    told->kind.store(window.kind, kRelaxed);
    told->refills.store(window.refills, kRelaxed);
}

std::vector<Window> Health::windows() const {
    std::vector<Window> all;
    const Details* known = known_details();
    if (known == nullptr) return all;
    const std::size_t count = known->window_count.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const Details::Told& told = known->windows[i];
        all.push_back({told.name,
                       told.limit.load(kRelaxed),
                       told.remaining.load(kRelaxed),
                       told.reset_ms.load(kRelaxed),
                       told.length_ms.load(kRelaxed),
                       told.kind.load(kRelaxed),
                       told.refills.load(kRelaxed)});
    }
    return all;
}

Quota Health::tokens_left(std::int64_t now_ms) const {
    Quota least;
    const Details* known = known_details();
    const std::size_t count =
        known == nullptr ? 0 : known->window_count.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const Details::Told& told = known->windows[i];
        const unsigned kind = told.kind.load(kRelaxed);
        const bool is_of_tokens = kind == PARLEY_WINDOW_TOKENS ||
                                  kind == PARLEY_WINDOW_INPUT_TOKENS ||
                                  kind == PARLEY_WINDOW_OUTPUT_TOKENS;
        const std::int64_t reset = told.reset_ms.load(kRelaxed) - now_ms;
        if (reset <= 0 || !is_of_tokens) continue;
        const auto left = static_cast<std::int64_t>(told.remaining.load(kRelaxed));
        if (least.left >= 0 && least.left <= left) continue;
        least = {left, static_cast<std::uint64_t>(reset)};
    }
    return least;
}

namespace {

struct Stand {
    float share_left;
    float time_left;  // as a share of the window
};

template <class Told>
bool stand_of(const Told& told, std::int64_t now_ms, Stand& out) {
    const auto limit = static_cast<float>(told.limit.load(kRelaxed));
    if (limit <= 0) return false;
    const std::int64_t left = told.reset_ms.load(kRelaxed) - now_ms;
    if (left <= 0) {
        out = {1, 1};
        return true;
    }
    const auto length = static_cast<float>(told.length_ms.load(kRelaxed));
    // A window that ends in no time would look endless.
    constexpr float kTimeLeftMin = 0.02F;
    out.share_left = static_cast<float>(told.remaining.load(kRelaxed)) / limit;
    if (told.refills.load(kRelaxed)) {
        out = {1 - (1 - out.share_left) * static_cast<float>(left) / length, 1};
        return true;
    }
    out.time_left = std::clamp(static_cast<float>(left) / length, kTimeLeftMin, 1.0F);
    return true;
}

}  // namespace

float Health::headroom(std::int64_t now_ms) const {
    const Details* known = known_details();
    float least = kUntold;
    const std::size_t count =
        known == nullptr ? 0 : known->window_count.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        Stand stand{};
        if (!stand_of(known->windows[i], now_ms, stand)) continue;
        const float pace = stand.share_left / stand.time_left;
        least = least == kUntold ? pace : std::min(least, pace);
    }
    return least;
}

float Health::share_left(std::int64_t now_ms) const {
    const Details* known = known_details();
    float least = kUntold;
    const std::size_t count =
        known == nullptr ? 0 : known->window_count.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        Stand stand{};
        if (!stand_of(known->windows[i], now_ms, stand)) continue;
        least = least == kUntold ? stand.share_left : std::min(least, stand.share_left);
    }
    return least;
}

}  // namespace parley::accounts
