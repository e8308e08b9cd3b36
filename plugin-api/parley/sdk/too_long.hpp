// parley/sdk/too_long.hpp: prompts that are too long, by the words in which servers say so.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace parley::sdk {

// Many servers have no code for it, and clients look for these words as well.
inline bool says_too_long(std::string_view message) {
    constexpr std::array<std::string_view, 9> kWords{
        "prompt is too long",
        "exceed context limit",
        "maximum context length",
        "max context length",
        "maximum prompt length",
        "exceeds the maximum number of tokens",
        "exceeds the context",
        "Input is too long",
        "Input too long",
    };
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view words) {
        return message.find(words) != message.npos;
    });
}

// How many tokens there were, and how many there may be; both 0 where that is not told.
struct TooLong {
    uint64_t tokens = 0;
    uint64_t limit = 0;
};

namespace detail {

inline bool says_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(
        words.begin(), words.end(), [&](auto word) { return text.find(word) != text.npos; });
}

// Digits in the name of a model, or behind a point, are no number of tokens.
inline bool is_in_word(std::string_view message, std::size_t at) {
    if (at == 0) return false;
    const char c = message[at - 1];
    return c == '-' || c == '.' || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace detail

// "N tokens > M maximum", "A + B > M", "the maximum is M, however N came", or the two largest.
inline TooLong how_much_too_long(std::string_view message) {
    constexpr uint64_t kSmallestWindow = 256;
    std::array<uint64_t, 2> largest{};
    uint64_t sum = 0;    // of numbers with a plus between them
    uint64_t limit = 0;  // a number that words call one
    std::size_t end = 0;
    const auto sensible = [](uint64_t tokens, uint64_t most) {
        return most >= kSmallestWindow && tokens > most ? TooLong{tokens, most} : TooLong{};
    };
    for (std::size_t at = 0; (at = message.find_first_of("0123456789", at)) != message.npos;) {
        uint64_t number = 0;
        const char* begin = message.data() + at;
        const auto [stop, fault] = std::from_chars(begin, message.data() + message.size(), number);
        const std::string_view before = message.substr(end, at - end);
        const bool is_number = fault == std::errc() && !detail::is_in_word(message, at);
        at += static_cast<std::size_t>(stop - begin);
        if (!is_number) continue;
        end = at;
        if (sum != 0 && detail::says_any(before, {">"})) return sensible(sum, number);
        sum = detail::says_any(before, {"+"}) ? sum + number : number;
        if (limit == 0 && detail::says_any(before, {"maximum", "max context", "limit of"})) {
            limit = number;
            continue;
        }
        if (number > largest[0]) std::swap(number, largest[0]);
        if (number > largest[1]) largest[1] = number;
    }
    return sensible(largest[0], limit != 0 ? limit : largest[1]);
}

}  // namespace parley::sdk
