// parley/sdk/scan.hpp: find bytes quickly. SSE2 where the compiler has it, plain loops elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace parley::sdk {

namespace detail {

#if defined(__SSE2__)
// Bit i is set when byte i of the block satisfies Match.
template <class Match>
inline const char* scan16(const char* p, const char* end, Match match) {
    while (end - p >= 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(match(block)));
        if (mask != 0) return p + __builtin_ctz(mask);
        p += 16;
    }
    return p;
}

// Bit i is set when byte i of the 64 at p satisfies Match.
template <class Match>
inline std::uint64_t mask64(const char* p, Match match) {
    const auto mask16 = [&](int at) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at));
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(match(block))));
    };
    return mask16(0) | mask16(16) << 16 | mask16(32) << 32 | mask16(48) << 48;
}

// What ends a plain run in a JSON string. A signed compare finds control characters and, being
// negative, every byte above 0x7f. An object, since calls of a function given by its name stay
// calls.
inline constexpr auto string_specials = [](__m128i b) {
    const __m128i quotes = _mm_cmpeq_epi8(b, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(b, _mm_set1_epi8('\\'));
    const __m128i others = _mm_cmplt_epi8(b, _mm_set1_epi8(0x20));
    return _mm_or_si128(_mm_or_si128(quotes, backslashes), others);
};

inline constexpr auto only_backslashes = [](__m128i b) {
    return _mm_cmpeq_epi8(b, _mm_set1_epi8('\\'));
};
#endif

}  // namespace detail

// The first quote, backslash, control character or non-ASCII byte in [p, end), or end.
inline const char* find_string_special(const char* p, const char* end) {
#if defined(__SSE2__)
    p = detail::scan16(p, end, detail::string_specials);
#endif
    while (p != end) {
        const auto c = static_cast<unsigned char>(*p);
        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
        ++p;
    }
    return p;
}

// The first byte in [p, end) that a JSON string holds only escaped, or end.
inline const char* find_escape(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i last = _mm_set1_epi8(0x1f);
    p = detail::scan16(p, end, [&](__m128i b) {
        const __m128i quotes = _mm_cmpeq_epi8(b, _mm_set1_epi8('"'));
        const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(b, last), b);
        return _mm_or_si128(_mm_or_si128(quotes, controls), detail::only_backslashes(b));
    });
#endif
    while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
    return p;
}

namespace detail {

inline constexpr std::array<bool, 256> kShortEscapes = [] {
    std::array<bool, 256> known{};
    for (const char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) {
        known[static_cast<unsigned char>(c)] = true;
    }
    return known;
}();

}  // namespace detail

// Whether `c` behind a backslash makes an escape of two bytes.
inline bool is_short_escape(char c) {
    return detail::kShortEscapes[static_cast<unsigned char>(c)];
}

// Passes over what most of a JSON string is, ASCII and escapes of two bytes, and stops at anything
// else or near the end. `escaped` is set when there was an escape.
inline const char* pass_string_text(const char* p, const char* end, bool& escaped) {
#if defined(__SSE2__)
    // One byte more than a block: a backslash at its end escapes that.
    while (end - p > 64) {
        std::uint64_t marks = detail::mask64(p, detail::string_specials);
        const char* next = p + 64;
        while (marks != 0) {
            const int at = __builtin_ctzll(marks);
            if (p[at] != '\\' || !is_short_escape(p[at + 1])) return p + at;
            escaped = true;
            marks &= ~(std::uint64_t{3} << at);
            if (at == 63) ++next;
        }
        p = next;
    }
#endif
    return find_string_special(p, end);
}

// The first quote or backslash in [p, end), or end.
inline const char* find_quote(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    p = detail::scan16(p, end, [&](__m128i b) {
        return _mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, backslash));
    });
#endif
    while (p != end && *p != '"' && *p != '\\') ++p;
    return p;
}

// The first CR or LF in [p, end), or end.
inline const char* find_line_end(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i lf = _mm_set1_epi8('\n');
    const __m128i cr = _mm_set1_epi8('\r');
    p = detail::scan16(p, end, [&](__m128i b) {
        return _mm_or_si128(_mm_cmpeq_epi8(b, lf), _mm_cmpeq_epi8(b, cr));
    });
#endif
    while (p != end && *p != '\n' && *p != '\r') ++p;
    return p;
}

// The first control character in [p, end), DEL among them, or end.
inline const char* find_control(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i last = _mm_set1_epi8(0x1f);
    const __m128i del = _mm_set1_epi8(0x7f);
    p = detail::scan16(p, end, [&](__m128i b) {
        return _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(b, last), b), _mm_cmpeq_epi8(b, del));
    });
#endif
    while (p != end && static_cast<unsigned char>(*p) >= 0x20 && *p != 0x7f) ++p;
    return p;
}

// The length of the UTF-8 sequence at p (2 to 4), or 0 when it is malformed or cut. The first byte
// is known to be 0x80 or above. Overlong forms, surrogates and values past U+10FFFF are malformed.
inline std::size_t utf8_length(const char* p, const char* end) {
    const auto byte = [&](int i) { return static_cast<unsigned char>(p[i]); };
    const auto left = end - p;
    const auto tail = [&](int i) { return (byte(i) & 0xc0u) == 0x80u; };
    const unsigned char c = byte(0);
    if (c >= 0xc2 && c <= 0xdf) return left >= 2 && tail(1) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        if (left < 3 || !tail(1) || !tail(2)) return 0;
        if (c == 0xe0 && byte(1) < 0xa0) return 0;
        if (c == 0xed && byte(1) > 0x9f) return 0;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
        if (c == 0xf0 && byte(1) < 0x90) return 0;
        if (c == 0xf4 && byte(1) > 0x8f) return 0;
        return 4;
    }
    return 0;
}

}  // namespace parley::sdk
