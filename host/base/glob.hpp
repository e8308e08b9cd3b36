// base/glob.hpp: names with "*" for any rest, as configuration writes models.
#pragma once

#include <string_view>

namespace parley::base {

// "*" matches any characters, none included; everything else stands for itself.
inline bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

// Whether one of the patterns matches.
template <class Patterns>
bool any_matches(const Patterns& patterns, std::string_view text) {
    for (const auto& pattern : patterns) {
        if (glob_matches(pattern, text)) return true;
    }
    return false;
}

inline bool is_pattern(std::string_view name) {
    return name.find('*') != std::string_view::npos;
}

}  // namespace parley::base
