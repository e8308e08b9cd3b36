// words.hpp: the words of the wire, and the canonical values that they stand for.
#pragma once

#include <cstdint>
#include <string_view>

#include "parley/request.h"

namespace parley::openai {

struct Word {
    std::string_view text;
    uint32_t value;
};

// 0 for a word that is not in the list.
template <std::size_t N>
uint32_t value_of(std::string_view text, const Word (&words)[N]) {
    for (const Word& word : words) {
        if (word.text == text) return word.value;
    }
    return 0;
}

// Empty for a value that has no word.
template <std::size_t N>
std::string_view word_of(uint32_t value, const Word (&words)[N]) {
    for (const Word& word : words) {
        if (word.value == value) return word.text;
    }
    return {};
}

inline constexpr Word kEfforts[] = {
    {"minimal", PARLEY_EFFORT_MINIMAL},
    {"low", PARLEY_EFFORT_LOW},
    {"medium", PARLEY_EFFORT_MEDIUM},
    {"high", PARLEY_EFFORT_HIGH},
    {"xhigh", PARLEY_EFFORT_XHIGH},
    {"max", PARLEY_EFFORT_MAX},
};

inline constexpr Word kSummaries[] = {
    {"none", PARLEY_SUMMARY_NONE},
    {"auto", PARLEY_SUMMARY_AUTO},
    {"concise", PARLEY_SUMMARY_CONCISE},
    {"detailed", PARLEY_SUMMARY_DETAILED},
};

inline constexpr Word kVerbosities[] = {
    {"low", PARLEY_VERBOSITY_LOW},
    {"medium", PARLEY_VERBOSITY_MEDIUM},
    {"high", PARLEY_VERBOSITY_HIGH},
};

inline constexpr Word kTiers[] = {
    {"auto", PARLEY_TIER_AUTO},
    {"default", PARLEY_TIER_DEFAULT},
    {"flex", PARLEY_TIER_FLEX},
    {"priority", PARLEY_TIER_PRIORITY},
    {"scale", PARLEY_TIER_SCALE},
};

inline constexpr Word kDetails[] = {
    {"auto", PARLEY_DETAIL_AUTO},
    {"low", PARLEY_DETAIL_LOW},
    {"high", PARLEY_DETAIL_HIGH},
    {"original", PARLEY_DETAIL_ORIGINAL},
};

inline constexpr Word kChoices[] = {
    {"auto", PARLEY_CHOICE_AUTO},
    {"none", PARLEY_CHOICE_NONE},
    {"required", PARLEY_CHOICE_REQUIRED},
};

inline constexpr Word kPhases[] = {
    {"commentary", PARLEY_PHASE_COMMENTARY},
    {"final_answer", PARLEY_PHASE_FINAL_ANSWER},
};

}  // namespace parley::openai
