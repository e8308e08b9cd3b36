// parley/sdk/nesting.hpp: pass over nested JSON by looking at 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "parley/sdk/scan.hpp"

namespace parley::sdk {

// Where a walk over JSON stands between two bytes.
struct JsonNesting {
    std::uint64_t depth = 0;
    bool in_string = false;
    bool escaping = false;  // the last byte was a backslash that escapes the next
};

#if defined(__SSE2__)

namespace detail {

inline std::uint64_t bytes_equal(const char* p, char wanted) {
    const __m128i all = _mm_set1_epi8(wanted);
    return mask64(p, [&](__m128i bytes) { return _mm_cmpeq_epi8(bytes, all); });
}

// Finds { and [, or } and ], which differ in one bit.
inline std::uint64_t brackets_like(const char* p, char curly) {
    const __m128i all = _mm_set1_epi8(curly);
    const __m128i bit = _mm_set1_epi8(0x20);
    return mask64(p, [&](__m128i bytes) { return _mm_cmpeq_epi8(_mm_or_si128(bytes, bit), all); });
}

// The bytes that a backslash before them escapes; `escaping` goes from block to block. In a run of
// backslashes every other one escapes: the subtraction finds which, as its borrow runs along them.
inline std::uint64_t escaped_bytes(std::uint64_t backslashes, bool& escaping) {
    constexpr std::uint64_t kOdd = 0xaaaaaaaaaaaaaaaa;
    const std::uint64_t first = escaping ? 1 : 0;
    const std::uint64_t starts = backslashes & ~first;
    const std::uint64_t series = (((starts << 1) | kOdd) - starts) ^ kOdd;
    escaping = ((series & backslashes) >> 63) != 0;
    return series ^ (backslashes | first);
}

// Bit i is the parity of the bits up to i.
inline std::uint64_t parity_up_to(std::uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

// Goes from bracket to bracket of a block of `size` bytes. True when the floor was reached, `size`
// then being what was passed.
inline bool pass_block(const char* p, std::uint64_t& size, std::uint64_t floor, JsonNesting& at) {
    const std::uint64_t backslashes = bytes_equal(p, '\\');
    std::uint64_t quotes = bytes_equal(p, '"');
    bool escaping = at.escaping;
    std::uint64_t escaped = 0;
    if (backslashes != 0 || escaping) escaped = escaped_bytes(backslashes, escaping);
    quotes &= ~escaped;
    at.escaping = size == 64 ? escaping : ((escaped >> size) & 1) != 0;
    // Most of a long text lies inside a string.
    if (at.in_string && quotes == 0) return false;
    std::uint64_t strings = parity_up_to(quotes);
    if (at.in_string) strings = ~strings;
    const std::uint64_t opens = brackets_like(p, '{') & ~strings;
    std::uint64_t brackets = opens | (brackets_like(p, '}') & ~strings);
    for (; brackets != 0; brackets &= brackets - 1) {
        const int i = __builtin_ctzll(brackets);
        at.depth += ((opens >> i) & 1) != 0 ? 1 : -1;
        if (at.depth != floor) continue;
        at.in_string = at.escaping = false;
        size = static_cast<std::uint64_t>(i) + 1;
        return true;
    }
    at.in_string = ((strings >> (size - 1)) & 1) != 0;
    return false;
}

// Whether a block that begins inside of a string, and not behind a backslash, leaves it as it was:
// most of a long text. Only a backslash at its end would be something to remember.
inline bool is_plain_text(const char* p) {
    const __m128i quote = _mm_set1_epi8('"');
    const auto quotes = [&](int at) {
        return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at)), quote);
    };
    const __m128i any =
        _mm_or_si128(_mm_or_si128(quotes(0), quotes(16)), _mm_or_si128(quotes(32), quotes(48)));
    return _mm_movemask_epi8(any) == 0 && p[63] != '\\';
}

}  // namespace detail

// Passes over nested values, all of [p, end) or up to and with the bracket that brings the depth
// down to `floor`.
inline const char* pass_nested(const char* p,
                               const char* end,
                               std::uint64_t floor,
                               JsonNesting& at) {
    std::uint64_t size = 64;
    for (; end - p >= 64; p += 64) {
        if (at.in_string && !at.escaping && detail::is_plain_text(p)) continue;
        if (detail::pass_block(p, size, floor, at)) return p + size;
    }
    if (p == end) return p;
    char last[64];
    std::memset(last, ' ', sizeof(last));
    size = static_cast<std::uint64_t>(end - p);
    std::memcpy(last, p, size);
    detail::pass_block(last, size, floor, at);
    return p + size;
}

#else

inline const char* pass_nested(const char* p,
                               const char* end,
                               std::uint64_t floor,
                               JsonNesting& at) {
    for (; p != end; ++p) {
        const char c = *p;
        const bool escaped = at.escaping;
        at.escaping = c == '\\' && !escaped;
        if (c == '"' && !escaped) at.in_string = !at.in_string;
        if (at.in_string) continue;
        if (c == '{' || c == '[') ++at.depth;
        if ((c == '}' || c == ']') && --at.depth == floor) return p + 1;
    }
    return p;
}

#endif

}  // namespace parley::sdk
