// parley/sdk/find.hpp: find a few bytes in many. SSE2 where the compiler has it.
#pragma once

#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace parley::sdk {

// Whether `text` holds `what`, of two bytes or more. Its first and its last byte are looked for
// together, so that a first byte that is everywhere costs nothing.
inline bool holds(std::string_view text, std::string_view what) {
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8(what.front());
    const __m128i last = _mm_set1_epi8(what.back());
    const std::size_t far = what.size() - 1;
    const char* p = text.data();
    const char* end = p + text.size();
    for (; end - p >= static_cast<std::ptrdiff_t>(16 + far); p += 16) {
        const __m128i heads = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i tails = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + far));
        const __m128i both =
            _mm_and_si128(_mm_cmpeq_epi8(heads, first), _mm_cmpeq_epi8(tails, last));
        auto mask = static_cast<unsigned>(_mm_movemask_epi8(both));
        for (; mask != 0; mask &= mask - 1) {
            if (std::string_view(p + __builtin_ctz(mask), what.size()) == what) return true;
        }
    }
    text.remove_prefix(static_cast<std::size_t>(p - text.data()));
#endif
    return text.find(what) != text.npos;
}

}  // namespace parley::sdk
