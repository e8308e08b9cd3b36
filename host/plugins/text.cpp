#include "plugins/text.hpp"

#include <cstdint>

namespace parley::plugins {

namespace {

constexpr std::size_t kQuotedBytesMax = 256;

struct Point {
    std::uint32_t code = 0;
    std::size_t size = 0;  // 0: these bytes are not UTF-8
};

// The code point at the front of a text that is not empty.
Point first_point(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
    std::uint32_t code = lead & (0x7fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3fu);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < kSmallest[size] || code > 0x10ffff || surrogate) return {};
    return {code, size};
}

// Control characters, line separators, and what turns the direction of the text around it.
bool is_harmful(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void escape_byte(std::string& out, unsigned char byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    switch (byte) {
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += "\\x";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
    }
}

void escape(std::string& out, std::string_view bytes) {
    for (const char c : bytes) escape_byte(out, static_cast<unsigned char>(c));
}

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// Words of lower case letters and digits, the first of which begins with a letter.
bool is_joined(std::string_view text, std::string_view joints) {
    if (text.empty() || text.size() > 128 || text[0] < 'a' || text[0] > 'z') return false;
    bool after_word = false;
    for (const char c : text) {
        const bool joint = joints.find(c) != joints.npos;
        if (joint ? !after_word : !is_word_character(c)) return false;
        after_word = !joint;
    }
    return after_word;
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string out;
    out.reserve(text.size() < bytes_max ? text.size() : bytes_max);
    while (!text.empty()) {
        if (out.size() >= bytes_max) return out + "...";
        const Point point = first_point(text);
        const std::string_view shown = text.substr(0, point.size == 0 ? 1 : point.size);
        if (point.size == 0 || is_harmful(point.code)) {
            escape(out, shown);
        } else {
            out += shown;
        }
        text.remove_prefix(shown.size());
    }
    return out;
}

std::string quoted(std::string_view text) {
    return '"' + printable(text, kQuotedBytesMax) + '"';
}

bool is_kebab(std::string_view text) {
    return is_joined(text, "-");
}

bool is_reverse_dns(std::string_view text) {
    return is_joined(text, ".-") && text.find('.') != text.npos;
}

}  // namespace parley::plugins
