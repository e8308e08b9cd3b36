// What a cutter lets through is the text up to the first sequence, however the text is split.
#include "parley/sdk/stop_cutter.hpp"

#include <random>

#include <gtest/gtest.h>

namespace parley::sdk {

namespace {

using Sequences = std::vector<std::string_view>;

struct Cut {
    std::string text;
    std::string met;
};

// By definition: the sequence that is complete first, the longest of those.
Cut wanted(const std::string& text, const Sequences& sequences) {
    for (std::size_t end = 0; end <= text.size(); ++end) {
        const std::string_view head(text.data(), end);
        std::string_view met;
        for (const std::string_view s : sequences) {
            if (head.ends_with(s) && s.size() > met.size()) met = s;
        }
        if (!met.empty()) return {text.substr(0, end - met.size()), std::string(met)};
    }
    return {text, ""};
}

// Fed in pieces that end at these places.
Cut cut(const std::string& text, const Sequences& sequences, std::vector<std::size_t> places) {
    StopCutter cutter(sequences);
    Cut got;
    const auto emit = [&](std::string_view t) {
        EXPECT_FALSE(t.empty());
        got.text += t;
    };
    std::size_t at = 0;
    places.push_back(text.size());
    for (const std::size_t place : places) {
        const std::string piece = text.substr(at, place - at);  // memory of its own
        at = place;
        if (cutter.feed(piece, emit)) break;
    }
    cutter.flush(emit);
    got.met = cutter.met();
    return got;
}

void check(const std::string& text, const Sequences& sequences, std::mt19937& random) {
    const Cut right = wanted(text, sequences);
    for (const std::string_view s : sequences) {
        ASSERT_TRUE(s.empty() || right.text.find(s) == std::string::npos);
    }
    std::vector<std::vector<std::size_t>> splits{{}};
    for (std::size_t i = 1; i < text.size(); ++i) splits.push_back({i});
    std::vector<std::size_t> bytes;
    for (std::size_t i = 1; i < text.size(); ++i) bytes.push_back(i);
    splits.push_back(bytes);
    std::vector<std::size_t> some;
    for (const std::size_t i : bytes) {
        if (random() % 3 == 0) some.push_back(i);
    }
    splits.push_back(some);
    for (const auto& split : splits) {
        const Cut got = cut(text, sequences, split);
        ASSERT_EQ(got.text, right.text) << text << " split at " << testing::PrintToString(split);
        ASSERT_EQ(got.met, right.met) << text;
    }
}

}  // namespace

TEST(StopCutter, CutsWhereTheFirstSequenceIsComplete) {
    std::mt19937 random(7);
    check("one two three", {"two"}, random);
    check("abcd", {"abcd", "bc"}, random);
    check("xabcd", {"bcd", "abcd", "d"}, random);
    check("aaab", {"aab"}, random);
    check("no end", {"END"}, random);
    check("almost EN", {"END"}, random);
    check("", {"x"}, random);
    check("h\xc3\xa9llo \xe2\x82\xac", {"\xe2\x82\xac"}, random);
}

TEST(StopCutter, EverySplitOfRandomTextsIsCutAlike) {
    std::mt19937 random(1);
    const auto word = [&](std::size_t size_max) {
        std::string out;
        for (std::size_t n = 1 + random() % size_max; n != 0; --n) {
            out += static_cast<char>('a' + random() % 3);
        }
        return out;
    };
    for (int i = 0; i < 2000; ++i) {
        std::vector<std::string> owned;
        for (std::size_t n = 1 + random() % 3; n != 0; --n) owned.push_back(word(5));
        check(word(24), Sequences(owned.begin(), owned.end()), random);
        if (HasFatalFailure()) return;
    }
}

TEST(StopCutter, WatchesNothingThatTheUpstreamWatches) {
    const std::vector<parley_str> stop{str("a"), str("b")};
    parley_request request{};
    request.stop = stop.data();
    request.stop_count = stop.size();
    EXPECT_FALSE(StopCutter(request, 2).watches());
    EXPECT_TRUE(StopCutter(request, 1).watches());
}

TEST(StopCutter, TextOfOnePartDoesNotJoinTheNext) {
    StopCutter cutter(Sequences{"END"});
    std::string got;
    const auto emit = [&](std::string_view t) { got += t; };
    EXPECT_FALSE(cutter.feed("EN", emit));
    cutter.flush(emit);
    EXPECT_FALSE(cutter.feed("D.", emit));
    EXPECT_EQ(got, "END.");
}

}  // namespace parley::sdk
