// base64.hpp: standard base64 of short texts and of numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::gemini {

inline void append_base64(std::string_view bytes, std::string& out) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t bits = 0;
        const std::size_t size = bytes.size() - i < 3 ? bytes.size() - i : 3;
        for (std::size_t b = 0; b < 3; ++b) {
            bits = bits << 8 | (b < size ? static_cast<unsigned char>(bytes[i + b]) : 0u);
        }
        for (std::size_t d = 0; d < 4; ++d) {
            out += d <= size ? kDigits[bits >> (18 - 6 * d) & 63] : '=';
        }
    }
}

// The bytes that base64 of either alphabet stands for, up to the first character that is neither.
inline std::string from_base64(std::string_view text) {
    const auto digit = [](char c) -> int {
        if (c >= 'A' && c <= 'Z') return c - 'A';
        if (c >= 'a' && c <= 'z') return c - 'a' + 26;
        if (c >= '0' && c <= '9') return c - '0' + 52;
        if (c == '+' || c == '-') return 62;
        return c == '/' || c == '_' ? 63 : -1;
    };
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const int value = digit(c);
        if (value < 0) break;
        bits = bits << 6 | static_cast<uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

// URL-safe base64, padded or not, in the standard alphabet with padding.
inline std::string standard_base64(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (out.size() % 4 != 0) out += '=';
    return out;
}

}  // namespace parley::gemini
