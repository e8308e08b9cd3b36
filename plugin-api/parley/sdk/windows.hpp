// parley/sdk/windows.hpp: the windows of rate limits that the head of a reply tells.
//
//   std::size_t MyProvider::windows(const parley_http_reply_head& head, int64_t wall_ms,
//                                   std::span<parley_window> out) noexcept {
//       return parley::sdk::read_windows(head, wall_ms, out);  // x-ratelimit-remaining-tokens ...
//   }
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

namespace detail {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool takes_prefix(std::string_view& text, std::string_view prefix) {
    if (text.size() < prefix.size()) return false;
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        if (lower(text[i]) != prefix[i]) return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

inline bool takes_number(std::string_view& text, double& out) {
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault != std::errc() || !(out >= 0)) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

// Whole milliseconds; what no clock counts any more is the longest wait there is.
inline uint64_t whole_ms(double ms) {
    constexpr double kMostMs = 1e15;
    return static_cast<uint64_t>(ms < kMostMs ? ms : kMostMs);
}

// "2026-11-27T23:01:02.5Z", or with "+01:00" at its end.
inline bool read_date(std::string_view text, double& unix_ms) {
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= kForm.size()) return false;
    int part[6] = {};
    std::size_t n = 0;
    for (std::size_t i = 0; i < kForm.size(); ++i) {
        if (kForm[i] != 'd') {
            if (text[i] != kForm[i]) return false;
            ++n;
        } else {
            if (text[i] < '0' || text[i] > '9') return false;
            part[n] = part[n] * 10 + (text[i] - '0');
        }
    }
    text.remove_prefix(kForm.size());
    double fraction = 0;
    if (text.front() == '.' && !takes_number(text, fraction)) return false;
    int offset_min = 0;
    if (text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':') {
        const auto two = [&](std::size_t i) { return (text[i] - '0') * 10 + text[i + 1] - '0'; };
        offset_min = (two(1) * 60 + two(4)) * (text[0] == '-' ? -1 : 1);
    } else if (text != "Z" && text != "z") {
        return false;
    }
    using namespace std::chrono;
    const year_month_day day{year(part[0]),
                             month(static_cast<unsigned>(part[1])),
                             std::chrono::day(static_cast<unsigned>(part[2]))};
    if (!day.ok()) return false;
    const double days = sys_days(day).time_since_epoch().count();
    const double minutes = (days * 24 + part[3]) * 60 + part[4] - offset_min;
    unix_ms = (minutes * 60 + part[5] + fraction) * 1000;
    return true;
}

// "1h6m0s", "6m0s", "20ms", "1.5s".
inline bool read_duration(std::string_view text, double& ms) {
    for (ms = 0; !text.empty();) {
        double count = 0;
        if (!takes_number(text, count)) return false;
        if (takes_prefix(text, "ms")) {
            ms += count;
        } else if (takes_prefix(text, "s")) {
            ms += count * 1000;
        } else if (takes_prefix(text, "m")) {
            ms += count * 60'000;
        } else if (takes_prefix(text, "h")) {
            ms += count * 3'600'000;
        } else if (takes_prefix(text, "d")) {
            ms += count * 86'400'000;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace detail

// How long from now, in whatever way a header says it: a duration ("6m0s"), seconds, a moment in
// seconds or milliseconds since 1970, or a date. False when it is none of these.
inline bool read_wait(std::string_view text, int64_t wall_ms, uint64_t& out_ms) {
    using namespace detail;
    constexpr double kFirstMoment = 1e9;  // as seconds; no wait is so long
    constexpr double kFirstMomentMs = 1e12;
    double number = 0;
    std::string_view rest = text;
    double moment = 0;
    const bool is_number = takes_number(rest, number) && rest.empty();
    if (is_number && number >= kFirstMoment) {
        moment = number >= kFirstMomentMs ? number : number * 1000;
    } else if (is_number) {
        out_ms = whole_ms(number * 1000);
        return true;
    } else if (!read_date(text, moment)) {
        if (text.empty() || !read_duration(text, number)) return false;
        out_ms = whole_ms(number);
        return true;
    }
    const double left = moment - static_cast<double>(wall_ms);
    out_ms = left > 0 ? whole_ms(left) : 0;
    return true;
}

// What a limit of this name counts: "input-tokens", "requests-day".
inline uint32_t kind_of_window(std::string_view name) {
    const auto has = [&](std::string_view word) {
        for (std::string_view at = name; at.size() >= word.size(); at.remove_prefix(1)) {
            std::string_view rest = at;
            if (detail::takes_prefix(rest, word)) return true;
        }
        return false;
    };
    if (has("request")) return PARLEY_WINDOW_REQUESTS;
    if (has("input") || has("prompt")) return PARLEY_WINDOW_INPUT_TOKENS;
    if (has("output") || has("generated")) return PARLEY_WINDOW_OUTPUT_TOKENS;
    return has("token") ? PARLEY_WINDOW_TOKENS : PARLEY_WINDOW_REQUESTS;
}

// Gathers windows from headers that each tell a part of one.
class Windows {
public:
    explicit Windows(std::span<parley_window> room) : room_(room) {}

    // The window of a name, a new one when there is none; null when there is no room for it.
    parley_window* of(std::string_view name) {
        for (std::size_t i = 0; i < count_; ++i) {
            if (view(room_[i].name) == name) return &room_[i];
        }
        if (count_ == room_.size()) return nullptr;
        parley_window& made = room_[count_++];
        made = {};
        made.struct_size = sizeof(made);
        made.scope = PARLEY_SCOPE_MODEL;
        made.kind = kind_of_window(name);
        made.name = str(name);
        made.remaining = kUntold;
        return &made;
    }

    // Leaves out those of which not enough was told; how many there are then.
    std::size_t finish() {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            const parley_window& window = room_[i];
            if (window.limit != 0 && window.remaining != kUntold) room_[kept++] = window;
        }
        return kept;
    }

    // A whole number; others change nothing.
    static void read_count(std::string_view text, uint64_t& out) {
        double number = 0;
        if (detail::takes_number(text, number)) out = detail::whole_ms(number);
    }

private:
    static constexpr uint64_t kUntold = UINT64_MAX;

    std::span<parley_window> room_;
    std::size_t count_ = 0;
};

// x-ratelimit-{limit,remaining,reset}-NAME, where the reset is that of a bucket which refills; and
// without a NAME, where it is the end of a window.
inline std::size_t read_windows(const parley_http_reply_head& head,
                                int64_t wall_ms,
                                std::span<parley_window> out) {
    constexpr uint64_t kMinuteMs = 60'000;
    Windows windows(out);
    for (uint64_t i = 0; i < head.header_count; ++i) {
        std::string_view name = view(head.headers[i].name);
        if (!detail::takes_prefix(name, "x-ratelimit-")) continue;
        const std::string_view value = view(head.headers[i].value);
        const bool is_limit = detail::takes_prefix(name, "limit");
        const bool is_left = !is_limit && detail::takes_prefix(name, "remaining");
        const bool is_reset = !is_limit && !is_left && detail::takes_prefix(name, "reset");
        if (!is_limit && !is_left && !is_reset) continue;
        const bool is_named = detail::takes_prefix(name, "-");
        if (!is_named && !name.empty()) continue;
        parley_window* window = windows.of(name);
        if (window == nullptr) continue;
        if (is_limit) Windows::read_count(value, window->limit);
        if (is_left) Windows::read_count(value, window->remaining);
        if (is_reset) read_wait(value, wall_ms, window->reset_ms);
        if (is_named) window->flags = PARLEY_WINDOW_REFILLS;
    }
    const std::size_t count = windows.finish();
    for (parley_window& window : out.first(count)) {
        const bool is_full = window.remaining >= window.limit;
        if (window.reset_ms == 0 && !is_full) window.reset_ms = kMinuteMs;
        if (window.name.len == 0) window.name = str("requests");
    }
    return count;
}

}  // namespace parley::sdk
