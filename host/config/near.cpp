#include "config/near.hpp"

#include "base/nearest.hpp"

namespace parley::config {

namespace {

constexpr std::size_t kQuotedMax = 60;

}  // namespace

std::string nearest(std::string_view word, const Words& candidates) {
    const Words near = base::nearest(word, candidates, 1);
    return near.empty() ? std::string() : near.front();
}

std::string cure_for(std::string_view word, const Words& candidates) {
    if (candidates.empty()) return "; none is known here";
    const std::string meant = nearest(word, candidates);
    if (!meant.empty()) return "; did you mean " + quote(meant);
    return "; known: " + join(candidates, ", ");
}

std::string quote(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    std::size_t taken = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        // Cut in front of a character, not inside of one.
        if (++taken > kQuotedMax && (byte & 0xC0) != 0x80) return out + "\"...";
        if (c == '"' || c == '\\') out += '\\';
        if (byte < 0x20 || byte == 0x7F) {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string join(const Words& words, std::string_view between) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += between;
        out += word;
    }
    return out;
}

}  // namespace parley::config
