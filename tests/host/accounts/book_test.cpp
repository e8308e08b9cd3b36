// book_test.cpp: state outlives configurations and restarts.
#include "accounts/book.hpp"

#include <thread>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "parley/abi.h"

namespace parley::accounts {

namespace {

namespace json = boost::json;

constexpr std::int64_t kNow = 5'000;
constexpr std::int64_t kWall = 1'700'000'000'000;

TEST(Book, AnAccountKeepsItsStateWhileSomeoneHoldsIt) {
    Book book;
    const auto before = book.open("p/a");
    const auto after = book.open("p/a");
    EXPECT_EQ(before, after);
    EXPECT_NE(before->number(), book.open("p/b")->number());
    EXPECT_EQ(book.find("p/c"), nullptr);
}

TEST(Book, ForgetsWhatNobodyHolds) {
    Book book;
    const auto kept = book.open("p/kept");
    for (int i = 0; i < 1000; ++i) book.open("p/" + std::to_string(i));
    EXPECT_EQ(book.find("p/7"), nullptr);
    EXPECT_EQ(book.find("p/kept"), kept);
}

TEST(Book, CoolDownsSurviveARestart) {
    json::object file;
    {
        Book book;
        const auto state = book.open("p/a");
        const auto idle = book.open("p/idle");
        state->health.count_failure(kNow, PARLEY_E_FORBIDDEN, "the key is not allowed here");
        state->health.cool({kNow + 60'000, kNow + 10'000, PARLEY_E_FORBIDDEN, 2}, kNow);
        state->open("m-1", 8)->health.cool({kNow + 100, kNow + 100, PARLEY_E_OVERLOADED, 0}, kNow);
        file = book.snapshot(kNow, kWall);
        EXPECT_FALSE(file.contains("p/idle"));
    }
    const std::string text = json::serialize(file);
    Book book;
    // A second later by the wall, and the other clock begins anew.
    book.restore(json::parse(text).as_object(), 50, kWall + 1'000);
    const auto state = book.open("p/a");
    const CoolDown down = state->health.cool_down();
    EXPECT_EQ(down.until_ms, 50 + 59'000);
    EXPECT_EQ(down.probe_ms, 50 + 9'000);
    EXPECT_EQ(down.error_class, PARLEY_E_FORBIDDEN);
    EXPECT_EQ(down.level, 2U);
    EXPECT_EQ(state->health.last_error().text, "the key is not allowed here");
    // That of the model was over.
    ASSERT_NE(state->find("m-1"), nullptr);
    EXPECT_TRUE(state->find("m-1")->health.is_open());
}

TEST(Book, AClockThatWasWrongKeepsNobodyAway) {
    constexpr std::int64_t kYear = 365 * 86'400'000LL;
    Book book;
    const auto state = book.open("p/a");
    state->health.cool({kNow + 60'000, kNow + 10'000, PARLEY_E_RATE_LIMITED, 0}, kNow);
    Book later;
    later.restore(book.snapshot(kNow, kWall + kYear), kNow, kWall);
    const auto restored = later.open("p/a");
    EXPECT_FALSE(restored->health.take_probe(kNow + 59'000));
    EXPECT_TRUE(restored->health.take_probe(kNow + 61'000)) << "one request finds out";
}

TEST(Book, BrokenFilesAreLeftOut) {
    Book book;
    const char* const texts[] = {
        R"({"p/a": 5})",
        R"({"p/a": {"account": "x", "models": []}})",
        R"({"p/a": {"account": {"until_ms": "soon", "class": 6}}})",
        R"({"p/a": {"account": {"until_ms": 9000000000000000000, "class": 0}}})",
        R"({"p/a": {"account": {"until_ms": -5, "class": 6, "level": -1, "probe_ms": {}}}})",
    };
    for (const char* text : texts) book.restore(json::parse(text).as_object(), kNow, kWall);
    const auto state = book.find("p/a");
    ASSERT_NE(state, nullptr);
    EXPECT_TRUE(state->health.is_open());
}

TEST(Book, ClearEndsTheCoolDownsOfAnAccount) {
    Book book;
    const auto state = book.open("p/a");
    state->health.cool({kNow + 60'000, kNow + 10'000, PARLEY_E_FORBIDDEN, 0}, kNow);
    State::Model* model = state->open("m", 8);
    model->health.cool({kNow + 60'000, kNow + 10'000, PARLEY_E_OVERLOADED, 0}, kNow);
    EXPECT_TRUE(book.clear("p/a"));
    EXPECT_TRUE(state->health.is_open());
    EXPECT_TRUE(model->health.is_open());
    EXPECT_FALSE(book.clear("p/b"));
}

TEST(State, HasOneOfEachModelAndNoMoreThanAllowed) {
    State state(1);
    std::vector<State::Model*> seen(4);
    std::vector<std::thread> threads;
    for (auto& mine : seen) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) mine = state.open("m" + std::to_string(i), 50);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const State::Model* mine : seen) EXPECT_EQ(mine, state.find("m49"));
    EXPECT_EQ(state.open("another", 50), nullptr);
    int count = 0;
    for (const State::Model* m = state.first(); m != nullptr; m = m->next) ++count;
    EXPECT_EQ(count, 50);
}

}  // namespace

}  // namespace parley::accounts
