// parley/sdk/pieces.hpp: text that is looked at while it is copied.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "parley/sdk/scan.hpp"

namespace parley::sdk {

namespace detail {

// Writes a character by its number, which is no surrogate: at most 4 bytes. Returns their end.
inline char* put_utf8(unsigned c, char* to) {
    if (c < 0x80) {
        *to++ = static_cast<char>(c);
        return to;
    }
    const int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    constexpr std::array<unsigned, 4> kHeads{0, 0xc0, 0xe0, 0xf0};
    *to++ = static_cast<char>(kHeads[static_cast<std::size_t>(tails)] | (c >> (6 * tails)));
    for (int i = tails - 1; i >= 0; --i) {
        *to++ = static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3f));
    }
    return to;
}

}  // namespace detail

// Small pieces on their way to the end of a string: to append each by itself would cost several
// times its copy. What was put is in the string after flush().
class Pieces {
public:
    explicit Pieces(std::string& out) : out_(out) {}

    void put(char c) {
        make_room();
        held_[size_++] = c;
    }

    // At most kPutMax bytes.
    void put(std::string_view text) {
        make_room();
        std::memcpy(held_.data() + size_, text.data(), text.size());
        size_ += text.size();
    }

    // A character by its number, which is no surrogate.
    void put_utf8(unsigned c) {
        make_room();
        size_ = static_cast<std::size_t>(detail::put_utf8(c, held_.data() + size_) - held_.data());
    }

    // Copies what stands before the first byte that a JSON string cannot hold as it is, or that is
    // not ASCII; says where that is, or `end`.
    const char* copy_to_special(const char* p, const char* end) {
#if defined(__SSE2__)
        return copy(p, end, detail::string_specials);
#else
        return copy(p, end, [](char c) {
            return c == '"' || c == '\\' || static_cast<signed char>(c) < 0x20;
        });
#endif
    }

    const char* copy_to_backslash(const char* p, const char* end) {
#if defined(__SSE2__)
        return copy(p, end, detail::only_backslashes);
#else
        return copy(p, end, [](char c) { return c == '\\'; });
#endif
    }

    void flush() {
        out_.append(held_.data(), size_);
        size_ = 0;
    }

private:
    static constexpr std::size_t kPutMax = 16;
    static constexpr std::size_t kHeld = 512;

    void make_room() {
        if (size_ > kHeld - kPutMax) flush();
    }

#if defined(__SSE2__)
    template <class Stops>
    const char* copy(const char* p, const char* end, Stops stops) {
        for (; end - p >= 16; p += 16) {
            const auto found = copy_block(p, 16, stops);
            if (found != 16) return p + found;
        }
        if (p == end) return p;
        // Not a byte behind the end is touched.
        char last[16] = {};
        const auto size = static_cast<std::size_t>(end - p);
        std::memcpy(last, p, size);
        return p + copy_block(last, size, stops);
    }

    // Copies the first `size` bytes of 16, or those before the first that stops; says how many.
    template <class Stops>
    std::size_t copy_block(const char* p, std::size_t size, Stops stops) {
        make_room();
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(held_.data() + size_), block);
        const unsigned found =
            static_cast<unsigned>(_mm_movemask_epi8(stops(block))) | (1u << size);
        const auto plain = static_cast<std::size_t>(__builtin_ctz(found));
        size_ += plain;
        return plain;
    }
#else
    template <class Stops>
    const char* copy(const char* p, const char* end, Stops stops) {
        for (; p != end && !stops(*p); ++p) put(*p);
        return p;
    }
#endif

    std::string& out_;
    std::size_t size_ = 0;
    std::array<char, kHeld> held_;
};

// The same into memory that has room for all of it.
class Filling {
public:
    explicit Filling(char* at) : at_(at) {}

    void put(char c) { *at_++ = c; }

    void put_utf8(unsigned c) { at_ = detail::put_utf8(c, at_); }

    const char* copy_to_backslash(const char* p, const char* end) {
        if (p == end) return p;
        const auto size = static_cast<std::size_t>(end - p);
        const void* found = std::memchr(p, '\\', size);
        const char* stop = found == nullptr ? end : static_cast<const char*>(found);
        std::memcpy(at_, p, static_cast<std::size_t>(stop - p));
        at_ += stop - p;
        return stop;
    }

    char* at() const { return at_; }

private:
    char* at_;
};

}  // namespace parley::sdk
