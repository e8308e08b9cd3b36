#include "store/merge.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace parley::store {
namespace {

using base::Secret;
using Text = std::optional<std::string>;

std::optional<Secret> secret_of(const Text& text) {
    return text ? std::optional(Secret(*text)) : std::nullopt;
}

// What becomes of the document, as JSON where it is some.
boost::json::value merge(const Text& base,
                         const std::string& ours,
                         const Text& theirs,
                         std::string_view key = "account/up/main") {
    const auto both = merged(key, secret_of(base), Secret(ours), secret_of(theirs));
    if (!both) return nullptr;
    boost::json::error_code code;
    boost::json::value value = boost::json::parse(both->reveal(), code);
    return code ? boost::json::value(both->reveal()) : value;
}

boost::json::value json(std::string_view text) {
    return boost::json::parse(text);
}

constexpr const char* kBase = R"({"secret": "s1", "revision": 1, "note": "a", "weight": 2})";

TEST(Merge, ARefreshKeepsWhatAnOperatorChanged) {
    EXPECT_EQ(merge(kBase,
                    R"({"secret": "s2", "revision": 2, "note": "a", "weight": 2})",
                    R"({"secret": "s1", "revision": 1, "note": "b", "disabled": true})"),
              json(R"({"secret": "s2", "revision": 2, "note": "b", "disabled": true})"));
}

TEST(Merge, WhereBothChangedAMemberWeAreBelieved) {
    EXPECT_EQ(merge(R"({"n": 1})", R"({"n": 2})", R"({"n": 3})"), json(R"({"n": 2})"));
    EXPECT_EQ(merge(R"({"n": 1})", R"({})", R"({"n": 1, "m": 1})"), json(R"({"m": 1})"));
}

TEST(Merge, OfTwoRefreshesTheNewerStays) {
    const char* second = R"({"secret": "s2", "revision": 2, "expires_at_ms": 20})";
    const char* third = R"({"secret": "s3", "revision": 3, "expires_at_ms": 10})";
    const char* late = R"({"secret": "s4", "revision": 2, "expires_at_ms": 30})";
    EXPECT_EQ(merge(kBase, second, third), json(third));
    EXPECT_EQ(merge(kBase, third, second), json(third));
    EXPECT_EQ(merge(kBase, second, late), json(late));
    EXPECT_EQ(merge(kBase, late, second), json(late));
}

TEST(Merge, ANewLoginWinsOverARefresh) {
    const char* refreshed = R"({"secret": "s2", "revision": 2})";
    EXPECT_EQ(merge(kBase, refreshed, R"({"secret": "fresh"})"), json(R"({"secret": "fresh"})"));
    EXPECT_EQ(merge(kBase, refreshed, R"({"secret": "fresh", "revision": 1})"),
              json(R"({"secret": "fresh", "revision": 1})"));
}

TEST(Merge, AnAccountThatWasRemovedStaysAway) {
    const char* refreshed = R"({"secret": "s2", "revision": 2})";
    EXPECT_EQ(merge(kBase, refreshed, {}), nullptr);
    EXPECT_EQ(merge({}, refreshed, {}), json(refreshed)) << "a new one is none that was removed";
    EXPECT_EQ(merge(R"({"a": 1})", R"({"a": 2})", {}, "state/cool-downs/x"), json(R"({"a": 2})"));
}

TEST(Merge, WhatIsNoObjectIsOurs) {
    EXPECT_EQ(merge("x", "y", "z", "state/x"), boost::json::value("y"));
    EXPECT_EQ(merge({}, "[1]", "[2]", "state/x"), json("[1]"));
}

TEST(Merge, WhatBothMadeAnewIsBrought) {
    EXPECT_EQ(merge({}, R"({"a": 1})", R"({"b": 2})", "state/x"), json(R"({"a": 1, "b": 2})"));
}

}  // namespace
}  // namespace parley::store
