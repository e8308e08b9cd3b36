// lessons_test.cpp: what is learnt of a model, where, for how long, and how much of it.
#include "routing/lessons.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace parley::routing {

namespace {

constexpr const char* kCold = R"({"sampling_ok":false})";

TEST(Lessons, HoldForOneModelOfOneProvider) {
    Lessons lessons{config::LessonLimits()};
    EXPECT_EQ(lessons.of("a", "m", 0), "");
    EXPECT_TRUE(lessons.learn("a", "m", kCold, 0));
    EXPECT_EQ(lessons.of("a", "m", 1), kCold);
    EXPECT_EQ(lessons.of("b", "m", 1), "");
    EXPECT_EQ(lessons.of("a", "n", 1), "");
    // The same letters with the border between them moved.
    EXPECT_EQ(lessons.of("am", "", 1), "");
}

TEST(Lessons, LieOverEachOtherMemberByMember) {
    Lessons lessons{config::LessonLimits()};
    EXPECT_TRUE(lessons.learn("a", "m", kCold, 0));
    EXPECT_FALSE(lessons.learn("a", "m", kCold, 1)) << "known";
    EXPECT_TRUE(lessons.learn("a", "m", R"({"reasoning":"none"})", 2));
    EXPECT_TRUE(lessons.learn("a", "m", R"({"sampling_ok":true})", 3));
    EXPECT_EQ(lessons.of("a", "m", 4), R"({"sampling_ok":true,"reasoning":"none"})");
    EXPECT_FALSE(lessons.learn("a", "m", "{}", 5));
    EXPECT_FALSE(lessons.learn("a", "m", "[1", 5)) << "a plugin's nonsense";
}

TEST(Lessons, AreForgottenAfterAWhile) {
    config::LessonLimits limits;
    limits.keep_ms = 100;
    Lessons lessons{limits};
    EXPECT_TRUE(lessons.learn("a", "m", kCold, 0));
    EXPECT_EQ(lessons.of("a", "m", 99), kCold);
    EXPECT_EQ(lessons.of("a", "m", 100), "") << "asking does not prolong it";
    EXPECT_EQ(lessons.bytes(), 0u);
    EXPECT_TRUE(lessons.learn("a", "m", kCold, 200)) << "new again";
    EXPECT_TRUE(lessons.learn("a", "n", kCold, 400));
    EXPECT_EQ(lessons.of("a", "m", 401), "");
}

TEST(Lessons, StayWithinTheirBounds) {
    config::LessonLimits limits;
    limits.entries_max = 2;
    Lessons few{limits};
    for (const char* model : {"m1", "m2", "m3"}) EXPECT_TRUE(few.learn("a", model, kCold, 0));
    EXPECT_EQ(few.of("a", "m1", 1), "") << "the oldest went";
    EXPECT_EQ(few.of("a", "m2", 1), kCold);
    EXPECT_EQ(few.of("a", "m3", 1), kCold);

    limits.entries_max = 0;
    Lessons none{limits};
    EXPECT_TRUE(none.learn("a", "m", kCold, 0));
    EXPECT_EQ(none.of("a", "m", 0), "");

    limits = {};
    limits.bytes_max = 1024;
    Lessons small{limits};
    EXPECT_TRUE(small.learn("a", "m", R"({"x":")" + std::string(2000, 'x') + "\"}", 0));
    EXPECT_EQ(small.bytes(), 0u) << "too large to be kept";
    for (int i = 0; i < 100; ++i) small.learn("a", "m" + std::to_string(i), kCold, 0);
    EXPECT_LE(small.bytes(), 1024u);
    EXPECT_EQ(small.of("a", "m99", 1), kCold);
}

TEST(Lessons, AreSharedByAllThreads) {
    config::LessonLimits limits;
    limits.entries_max = 8;
    Lessons lessons{limits};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&lessons, t] {
            for (int i = 0; i < 500; ++i) {
                const std::string model = "m" + std::to_string((i + t) % 16);
                lessons.learn("a", model, kCold, static_cast<std::uint64_t>(i));
                const std::string known = lessons.of("a", model, static_cast<std::uint64_t>(i));
                EXPECT_TRUE(known.empty() || known == kCold) << known;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_NE(lessons.bytes(), 0u);
}

TEST(Lessons, AreToldInWords) {
    EXPECT_EQ(in_words(kCold), "sampling_ok is false");
    EXPECT_EQ(in_words(R"({"max_output":8192,"effort_levels":["low"]})"),
              R"(max_output is 8192 and effort_levels is ["low"])");
    EXPECT_EQ(in_words("{}"), "");
    EXPECT_EQ(in_words("nonsense"), "");
    EXPECT_EQ(in_words("[]"), "");
    EXPECT_EQ(in_words(""), "");
}

TEST(Lessons, LieOverWhatIsKnown) {
    EXPECT_EQ(laid_over("", ""), "");
    EXPECT_EQ(laid_over(R"({"a": 1})", ""), R"({"a": 1})");
    EXPECT_EQ(laid_over("", R"({"a":1})"), R"({"a":1})");
    EXPECT_EQ(laid_over(R"({"a":1,"b":2})", R"({"b":"x","c":[]})"), R"({"a":1,"b":"x","c":[]})");
}

}  // namespace

}  // namespace parley::routing
