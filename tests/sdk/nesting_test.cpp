// pass_nested gives what a loop over single bytes gives, wherever its blocks begin and end.
#include "parley/sdk/nesting.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/guarded.hpp"

namespace parley::sdk {

namespace {

using Quotes = std::vector<const char*>;

const char* plain(
    const char* p, const char* end, std::uint64_t floor, JsonNesting& at, Quotes& opened) {
    for (; p != end; ++p) {
        const bool escaped = at.escaping;
        at.escaping = *p == '\\' && !escaped;
        if (*p == '"' && !escaped) {
            at.in_string = !at.in_string;
            if (at.in_string) opened.push_back(p);
        }
        if (at.in_string) continue;
        if (*p == '{' || *p == '[') ++at.depth;
        if (*p != '}' && *p != ']') continue;
        if (--at.depth == floor) return p + 1;
    }
    return p;
}

void expect_same(std::string_view text, const JsonNesting& start) {
    const char* end = text.data() + text.size();
    JsonNesting wanted = start;
    Quotes wanted_quotes;
    const char* stop = plain(text.data(), end, 1, wanted, wanted_quotes);
    JsonNesting seen = start;
    Quotes quotes;
    const auto keep = [&](const char* quote) { quotes.push_back(quote); };
    ASSERT_EQ(pass_nested(text.data(), end, 1, seen, keep) - text.data(), stop - text.data())
        << text;
    ASSERT_EQ(quotes, wanted_quotes) << text;
    ASSERT_EQ(seen.depth, wanted.depth) << text;
    ASSERT_EQ(seen.in_string, wanted.in_string) << text;
    ASSERT_EQ(seen.escaping, wanted.escaping) << text;
}

std::string random_text(std::mt19937& random, std::size_t size) {
    // Long runs of backslashes and of nothing special both occur.
    constexpr std::string_view kMany = "\"\\{}[]a,:0 \n\x80";
    std::string text;
    while (text.size() < size) {
        const std::size_t kind = random() % 8;
        if (kind == 0)
            text.append(random() % 70, 'x');
        else if (kind == 1)
            text.append(random() % 140, '\\');
        else if (kind == 2)
            text += "\"}]\"";
        else
            text += kMany[random() % kMany.size()];
    }
    text.resize(size);
    return text;
}

TEST(PassNested, EqualsAPlainLoop) {
    test::GuardedPages pages(4096);
    std::mt19937 random(61);
    for (int round = 0; round < 40; ++round) {
        for (std::size_t size = 0; size <= 300; ++size) {
            const JsonNesting start{2 + random() % 40, random() % 2 == 0, random() % 4 == 0};
            const std::string text = random_text(random, size);
            expect_same(pages.at_end(text), start);
            expect_same(pages.at_begin(text), start);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(PassNested, ComesOutTheSameHoweverCut) {
    std::mt19937 random(62);
    for (int round = 0; round < 300; ++round) {
        const std::string text = random_text(random, 150);
        const char* end = text.data() + text.size();
        const JsonNesting start{5, random() % 2 == 0, false};
        JsonNesting wanted = start;
        const char* stop = pass_nested(text.data(), end, 1, wanted);
        for (const char* cut = text.data(); cut <= stop; ++cut) {
            JsonNesting seen = start;
            const char* at = pass_nested(text.data(), cut, 1, seen);
            ASSERT_EQ(at, cut);
            if (cut != stop) at = pass_nested(at, end, 1, seen);
            ASSERT_EQ(at, stop) << text;
            ASSERT_EQ(seen.depth, wanted.depth);
            ASSERT_EQ(seen.in_string, wanted.in_string);
            ASSERT_EQ(seen.escaping, wanted.escaping);
        }
    }
}

TEST(PassNested, StopsAtTheBracketThatReachesTheFloor) {
    for (std::size_t pad = 0; pad < 130; ++pad) {
        const std::string text = std::string(pad, ' ') + "[\"]\\\"]\",{}]]}" + std::string(70, ']');
        JsonNesting at{2, false, false};
        const char* stop = pass_nested(text.data(), text.data() + text.size(), 1, at);
        EXPECT_EQ(static_cast<std::size_t>(stop - text.data()), pad + 12);
        EXPECT_EQ(at.depth, 1u);
    }
}

}  // namespace

}  // namespace parley::sdk
