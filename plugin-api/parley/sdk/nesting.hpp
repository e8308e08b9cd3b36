// parley/sdk/nesting.hpp: pass over nested JSON by looking at 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace parley::sdk {

// Where a walk over JSON stands between two bytes.
struct JsonNesting {
    std::uint64_t depth = 0;
    bool in_string = false;
    bool escaping = false;  // the last byte was a backslash that escapes the next
};

#if defined(__SSE2__)

namespace detail {

// Bit i of each mask tells of byte i.
struct JsonBlock {
    std::uint64_t quotes = 0;
    std::uint64_t backslashes = 0;
    std::uint64_t opens = 0;   // { and [
    std::uint64_t closes = 0;  // } and ]
};

inline JsonBlock classify(const char* p) {
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i lower = _mm_set1_epi8(0x20);  // turns [ into { and ] into }
    const __m128i open = _mm_set1_epi8('{');
    const __m128i close = _mm_set1_epi8('}');
    const auto mask = [](__m128i m) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(m)));
    };
    JsonBlock block;
    for (int i = 0; i < 4; ++i) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p) + i);
        const __m128i folded = _mm_or_si128(bytes, lower);
        const int shift = 16 * i;
        block.quotes |= mask(_mm_cmpeq_epi8(bytes, quote)) << shift;
        block.backslashes |= mask(_mm_cmpeq_epi8(bytes, backslash)) << shift;
        block.opens |= mask(_mm_cmpeq_epi8(folded, open)) << shift;
        block.closes |= mask(_mm_cmpeq_epi8(folded, close)) << shift;
    }
    return block;
}

// The bytes that a backslash before them escapes; `escaping` goes from block to block.
inline std::uint64_t escaped_bytes(std::uint64_t backslashes, bool& escaping) {
    std::uint64_t escaped = escaping ? 1 : 0;
    escaping = false;
    backslashes &= ~escaped;
    while (backslashes != 0) {
        const int at = __builtin_ctzll(backslashes);
        if (at == 63) {
            escaping = true;
            break;
        }
        escaped |= std::uint64_t{2} << at;
        backslashes &= ~(std::uint64_t{3} << at);
    }
    return escaped;
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
    const JsonBlock block = classify(p);
    bool escaping = at.escaping;
    std::uint64_t escaped = 0;
    if (block.backslashes != 0 || escaping) escaped = escaped_bytes(block.backslashes, escaping);
    std::uint64_t strings = parity_up_to(block.quotes & ~escaped);
    if (at.in_string) strings = ~strings;
    std::uint64_t brackets = (block.opens | block.closes) & ~strings;
    for (; brackets != 0; brackets &= brackets - 1) {
        const int i = __builtin_ctzll(brackets);
        at.depth += ((block.opens >> i) & 1) != 0 ? 1 : -1;
        if (at.depth != floor) continue;
        at.in_string = at.escaping = false;
        size = static_cast<std::uint64_t>(i) + 1;
        return true;
    }
    at.in_string = ((strings >> (size - 1)) & 1) != 0;
    at.escaping = size == 64 ? escaping : ((escaped >> size) & 1) != 0;
    return false;
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
