// Each scanner gives what a loop over single bytes gives, and never looks past either end.
#include "parley/sdk/scan.hpp"

#include <array>
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

const Scanner kScanners[] = {
    {"find_string_special",
     find_string_special,
     [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20 || c >= 0x80; }},
    {"find_quote", find_quote, [](unsigned char c) { return c == '"' || c == '\\'; }},
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

    test::GuardedPages pages_{4096};
    std::mt19937 random_{20240601};
};

INSTANTIATE_TEST_SUITE_P(All, Scan, testing::ValuesIn(kScanners), [](const auto& each) {
    return std::string(each.param.name);
});

TEST_P(Scan, FindsEveryByteAtEveryPlace) {
    for (std::size_t length = 0; length <= 40; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            std::string text(length, 'a');
            for (int c = 0; c < 256; ++c) {
                text[at] = static_cast<char>(c);
                expect_same(pages_.at_end(text));
                if (HasFatalFailure()) return;
            }
        }
    }
}

TEST_P(Scan, EqualsAPlainLoopAtAllAlignments) {
    for (std::size_t length = 0; length <= kLengthMax; ++length) {
        for (std::size_t shift = 0; shift < 64; ++shift) {
            std::string text(length, '\0');
            // Few of the bytes that are looked for, and all of their neighbours.
            for (char& c : text) {
                c = random_() % 32 == 0 ? static_cast<char>(random_())
                                        : static_cast<char>('a' + random_() % 26);
            }
            std::memcpy(pages_.begin() + shift, text.data(), length);
            expect_same({pages_.begin() + shift, length});
            expect_same(pages_.at_end(text));
            expect_same(pages_.at_begin(text));
            if (HasFatalFailure()) return;
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
    constexpr std::array<int, 23> kEdges{0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                         0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xec, 0xed, 0xee,
                                         0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    std::string text(4, '\0');
    for (int a = 0x80; a < 0x100; ++a) {
        for (const int b : kEdges) {
            for (const int c : kEdges) {
                for (const int d : kEdges) {
                    text = {static_cast<char>(a),
                            static_cast<char>(b),
                            static_cast<char>(c),
                            static_cast<char>(d)};
                    ASSERT_EQ(utf8_length(text.data(), text.data() + 4), plain_utf8_length(text))
                        << testing::PrintToString(text);
                }
            }
        }
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
