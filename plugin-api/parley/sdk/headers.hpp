// parley/sdk/headers.hpp: the headers of a request or a reply by name, and how long a reply says to
// wait.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

inline bool is_header(const parley_header& header, std::string_view lower_case) {
    const std::string_view name = view(header.name);
    return std::equal(
        name.begin(), name.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
        });
}

// Of a parley_http_request or a parley_http_reply_head; the first of this name, or empty.
template <class Head>
std::string_view header(const Head& head, std::string_view lower_case) {
    for (uint64_t i = 0; i < head.header_count; ++i) {
        if (is_header(head.headers[i], lower_case)) return view(head.headers[i].value);
    }
    return {};
}

// A number that makes sense, in milliseconds; 0 for the rest. A date would need a clock.
inline uint64_t wait_ms(std::string_view value, double unit_ms) {
    constexpr double kSecondsMax = 1e9;
    double amount = 0;
    const char* stop = value.data() + value.size();
    const auto [end, fault] = std::from_chars(value.data(), stop, amount);
    const bool sound = fault == std::errc() && end == stop && amount >= 0;
    if (!sound || amount * unit_ms > kSecondsMax * 1000) return 0;
    return static_cast<uint64_t>(amount * unit_ms);
}

// A moment that is told in seconds since 1970, in milliseconds; 0 for what is none.
inline uint64_t moment_ms(std::string_view value) {
    constexpr double kFirst = 1e9;
    constexpr double kLast = 1e11;
    double seconds = 0;
    const char* stop = value.data() + value.size();
    const auto [end, fault] = std::from_chars(value.data(), stop, seconds);
    const bool sound = fault == std::errc() && end == stop && seconds >= kFirst && seconds <= kLast;
    return sound ? static_cast<uint64_t>(seconds * 1000) : 0;
}

// By retry-after-ms, which is the finer, or retry-after; 0 when neither says.
inline uint64_t retry_after_ms(const parley_http_reply_head& head) {
    const uint64_t fine_ms = wait_ms(header(head, "retry-after-ms"), 1);
    return fine_ms != 0 ? fine_ms : wait_ms(header(head, "retry-after"), 1000);
}

}  // namespace parley::sdk
