// parley/sdk/nesting.hpp: pass over nested JSON by looking at 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "parley/sdk/scan.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace parley::sdk {

// Where a walk over JSON stands between two bytes.
struct JsonNesting {
    std::uint64_t depth = 0;
    bool in_string = false;
    bool escaping = false;  // the last byte was a backslash that escapes the next
};

// For a walk that is not told of the strings.
struct NoStrings {
    void operator()(const char*) const {}
};

#if defined(__SSE2__)

namespace detail {

inline std::uint64_t bytes_equal(const char* p, char wanted) {
    const __m128i all = _mm_set1_epi8(wanted);
    return mask64(p, [&](__m128i bytes) { return _mm_cmpeq_epi8(bytes, all); });
}

// Finds { [ } and ], of which each pair differs in one bit.
inline std::uint64_t brackets_in(const char* p) {
    const __m128i bit = _mm_set1_epi8(0x20);
    const __m128i open = _mm_set1_epi8('{');
    const __m128i close = _mm_set1_epi8('}');
    return mask64(p, [&](__m128i bytes) {
        const __m128i curly = _mm_or_si128(bytes, bit);
        return _mm_or_si128(_mm_cmpeq_epi8(curly, open), _mm_cmpeq_epi8(curly, close));
    });
}

inline bool is_opening(char bracket) {
    return (bracket & 2) != 0;
}

inline bool any_equal(const char* p, char wanted) {
    const __m128i all = _mm_set1_epi8(wanted);
    const auto equal = [&](int at) {
        return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at)), all);
    };
    const __m128i any =
        _mm_or_si128(_mm_or_si128(equal(0), equal(16)), _mm_or_si128(equal(32), equal(48)));
    return _mm_movemask_epi8(any) != 0;
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

inline std::uint64_t first_bits(std::uint64_t count) {
    return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// Goes from bracket to bracket of a block of `size` bytes. True when the floor was reached, `size`
// then being what was passed. `text_at` is told where strings open.
template <class TextAt>
inline bool pass_block(const char* p,
                       std::uint64_t& size,
                       std::uint64_t floor,
                       JsonNesting& at,
                       const TextAt& text_at) {
    std::uint64_t quotes = bytes_equal(p, '"');
    bool escaping = at.escaping;
    std::uint64_t escaped = 0;
    if (escaping || any_equal(p, '\\')) escaped = escaped_bytes(bytes_equal(p, '\\'), escaping);
    quotes &= ~escaped;
    at.escaping = size == 64 ? escaping : ((escaped >> size) & 1) != 0;
    if (at.in_string && quotes == 0) return false;
    std::uint64_t strings = parity_up_to(quotes);
    if (at.in_string) strings = ~strings;
    std::uint64_t brackets = brackets_in(p) & ~strings;
    bool is_over = false;
    for (; brackets != 0 && !is_over; brackets &= brackets - 1) {
        const int i = __builtin_ctzll(brackets);
        at.depth += is_opening(p[i]) ? 1 : -1;
        is_over = at.depth == floor;
        if (is_over) size = static_cast<std::uint64_t>(i) + 1;
    }
    std::uint64_t texts = quotes & strings & first_bits(size);
    for (; texts != 0; texts &= texts - 1) text_at(__builtin_ctzll(texts));
    at.in_string = ((strings >> (size - 1)) & 1) != 0;
    if (is_over) at.escaping = false;
    return is_over;
}

// Whether an odd number of backslashes stands before p, none of them before `begin`.
inline bool is_escaped(const char* begin, const char* p) {
    const char* first = p;
    while (first != begin && first[-1] == '\\') --first;
    return ((p - first) & 1) != 0;
}

// Whether one of the quotes of a block ends a string that began before `begin`.
inline bool any_ends_string(std::uint64_t quotes, const char* begin, const char* p) {
    while (quotes != 0 && is_escaped(begin, p + __builtin_ctzll(quotes))) quotes &= quotes - 1;
    return quotes != 0;
}

inline const char* pass_plain_text(const char* p, const char* end) {
    const char* const begin = p;
    for (; end - p >= 64; p += 64) {
        if (any_equal(p, '"') && any_ends_string(bytes_equal(p, '"'), begin, p)) break;
    }
    return p;
}

#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2")]] inline const char* pass_wide_text(const char* p, const char* end) {
    const char* const begin = p;
    const __m256i quote = _mm256_set1_epi8('"');
    for (; end - p >= 64; p += 64) {
        const auto* block = reinterpret_cast<const __m256i*>(p);
        const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(block), quote);
        const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(block + 1), quote);
        const std::uint64_t quotes =
            std::uint64_t{static_cast<unsigned>(_mm256_movemask_epi8(high))} << 32 |
            static_cast<unsigned>(_mm256_movemask_epi8(low));
        if (quotes != 0 && any_ends_string(quotes, begin, p)) break;
    }
    return p;
}
#endif

// Most of a long text lies inside a string: goes to the first block in which that ends, or that is
// not whole.
inline const char* pass_text(const char* p, const char* end, bool& escaping) {
    const char* const begin = p;
#if defined(__x86_64__) && defined(__GNUC__)
    p = __builtin_cpu_supports("avx2") ? pass_wide_text(p, end) : pass_plain_text(p, end);
#else
    p = pass_plain_text(p, end);
#endif
    escaping = is_escaped(begin, p);
    return p;
}

}  // namespace detail

// Passes over nested values, all of [p, end) or up to and with the bracket that brings the depth
// down to `floor`. `on_string` is called with the opening quote of each string on the way.
template <class OnString = NoStrings>
inline const char* pass_nested(const char* p,
                               const char* end,
                               std::uint64_t floor,
                               JsonNesting& at,
                               const OnString& on_string = {}) {
    const auto text_at = [&](int i) { on_string(p + i); };
    std::uint64_t size = 64;
    for (;; p += 64) {
        if (at.in_string && !at.escaping) p = detail::pass_text(p, end, at.escaping);
        if (end - p < 64) break;
        if (detail::pass_block(p, size, floor, at, text_at)) return p + size;
    }
    if (p == end) return p;
    char last[64];
    std::memset(last, ' ', sizeof(last));
    size = static_cast<std::uint64_t>(end - p);
    std::memcpy(last, p, size);
    detail::pass_block(last, size, floor, at, text_at);
    return p + size;
}

#else

template <class OnString = NoStrings>
inline const char* pass_nested(const char* p,
                               const char* end,
                               std::uint64_t floor,
                               JsonNesting& at,
                               const OnString& on_string = {}) {
    for (; p != end; ++p) {
        const char c = *p;
        const bool escaped = at.escaping;
        at.escaping = c == '\\' && !escaped;
        if (c == '"' && !escaped) {
            at.in_string = !at.in_string;
            if (at.in_string) on_string(p);
        }
        if (at.in_string) continue;
        if (c == '{' || c == '[') ++at.depth;
        if ((c == '}' || c == ']') && --at.depth == floor) return p + 1;
    }
    return p;
}

#endif

}  // namespace parley::sdk
