// Each scanner gives what a loop over single bytes gives, and never looks past either end.
#include "parley/sdk/scan.hpp"

#include <ostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/guarded.hpp"

namespace parley::sdk {

namespace {

constexpr std::size_t kLengthMax = 100;

using Find = const char* (*)(const char*, const char*);
using Wanted = bool (*)(unsigned char);

struct Scanner {
    const char* name;
    Find find;
    Wanted wanted;
};

std::ostream& operator<<(std::ostream& out, const Scanner& scanner) {
    return out << scanner.name;
}

const Scanner kScanners[] = {
    {"find_string_special",
     find_string_special,
     [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20 || c >= 0x80; }},
    {"find_quote", find_quote, [](unsigned char c) { return c == '"' || c == '\\'; }},
    {"find_escape", find_escape, [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; }},
    {"find_line_end", find_line_end, [](unsigned char c) { return c == '\n' || c == '\r'; }},
};

std::size_t plain(const Scanner& scanner, std::string_view text) {
    std::size_t i = 0;
    while (i < text.size() && !scanner.wanted(static_cast<unsigned char>(text[i]))) ++i;
    return i;
}

std::size_t found(const Scanner& scanner, std::string_view text) {
    const char* at = scanner.find(text.data(), text.data() + text.size());
    return static_cast<std::size_t>(at - text.data());
}

class Scan : public testing::TestWithParam<Scanner> {
protected:
    void expect_same(std::string_view text) {
        ASSERT_EQ(found(GetParam(), text), plain(GetParam(), text))
            << "length " << text.size() << " at "
            << reinterpret_cast<std::uintptr_t>(text.data()) % 64 << ": "
            << testing::PrintToString(std::string(text));
    }

    // Few of the bytes that are looked for, and all of their neighbours.
    std::string random_text(std::size_t length) {
        std::string text(length, '\0');
        for (char& c : text) {
            c = static_cast<char>(random_() % 32 == 0 ? random_() : 'a' + random_() % 26);
        }
        return text;
    }

    test::GuardedPages pages_{4096};
    std::mt19937 random_{20240601};
};

INSTANTIATE_TEST_SUITE_P(All, Scan, testing::ValuesIn(kScanners), [](const auto& each) {
    return std::string(each.param.name);
});

TEST_P(Scan, FindsEveryByteAtEveryPlace) {
    for (std::size_t length = 1; length <= 40 && !HasFatalFailure(); ++length) {
        for (std::size_t i = 0; i < length * 256; ++i) {
            std::string text(length, 'a');
            text[i / 256] = static_cast<char>(i % 256);
            expect_same(pages_.at_end(text));
        }
    }
}

TEST_P(Scan, EqualsAPlainLoopAtAllAlignments) {
    for (std::size_t length = 0; length <= kLengthMax && !HasFatalFailure(); ++length) {
        for (std::size_t shift = 0; shift < 64; ++shift) {
            const std::string text = random_text(length);
            std::memcpy(pages_.begin() + shift, text.data(), length);
            expect_same({pages_.begin() + shift, length});
            expect_same(pages_.at_end(text));
            expect_same(pages_.at_begin(text));
        }
    }
}

TEST_P(Scan, StopsAtTheEndWhenThereIsNothing) {
    for (std::size_t length = 0; length <= kLengthMax; ++length) {
        const std::string_view text = pages_.at_end(std::string(length, 'a'));
        EXPECT_EQ(found(GetParam(), text), length);
    }
    EXPECT_EQ(GetParam().find(nullptr, nullptr), nullptr);
}

// The definition, the slow way round: decode, then ask whether the code point needs that length.
std::size_t plain_utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t length = byte(0) >= 0xf8   ? 0
                               : byte(0) >= 0xf0 ? 4
                               : byte(0) >= 0xe0 ? 3
                               : byte(0) >= 0xc0 ? 2
                                                 : 0;
    if (length == 0 || text.size() < length) return 0;
    std::uint32_t point = byte(0) & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        point = point << 6 | (byte(i) & 0x3f);
    }
    const std::uint32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    return point < least || point > 0x10ffff || surrogate ? 0 : length;
}

TEST(Utf8, LengthFollowsTheDefinition) {
    constexpr std::string_view kEdges =
        "\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";
    constexpr std::size_t kCount = kEdges.size();
    for (std::size_t i = 0; i < 128 * kCount * kCount * kCount; ++i) {
        const char text[] = {static_cast<char>(0x80 + i % 128),
                             kEdges[i / 128 % kCount],
                             kEdges[i / 128 / kCount % kCount],
                             kEdges[i / 128 / kCount / kCount]};
        ASSERT_EQ(utf8_length(text, text + 4), plain_utf8_length({text, 4}))
            << testing::PrintToString(std::string(text, 4));
    }
}

TEST(Utf8, ACutSequenceIsMalformedAndNotReadPast) {
    test::GuardedPages pages(4096);
    for (const std::string_view whole : {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
        const std::string_view kept = pages.at_end(whole);
        EXPECT_EQ(utf8_length(kept.data(), kept.data() + kept.size()), whole.size());
        for (std::size_t size = 1; size < whole.size(); ++size) {
            const std::string_view cut = pages.at_end(whole.substr(0, size));
            EXPECT_EQ(utf8_length(cut.data(), cut.data() + size), 0u);
        }
    }
}

}  // namespace

}  // namespace parley::sdk
