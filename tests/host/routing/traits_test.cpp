// traits_test.cpp: what is known of models, and who wins.
#include "routing/traits.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "config/write.hpp"

namespace parley::routing {

namespace {

TraitsBook book_of(std::string_view toml) {
    config::Loaded loaded = config::load_text(toml, "models.toml", {});
    EXPECT_TRUE(loaded.faults.empty());
    for (const config::Fault& fault : loaded.faults) ADD_FAILURE() << fault.text("models.toml");
    return TraitsBook(std::move(loaded.config.models));
}

TEST(Traits, LaterEntriesWinKeyByKey) {
    const TraitsBook book = book_of(R"toml(
[[model]]
names = ["a-*", "b"]
reasoning = "none"
context = 1000
[[model]]
names = ["a-2*"]
reasoning = "toggle"
effort_levels = ["low", "high"]
)toml");
    EXPECT_EQ(book.of("a-1"), R"({"context":1000,"reasoning":"none"})");
    EXPECT_EQ(book.of("a-2x"),
              R"({"context":1000,"reasoning":"toggle","effort_levels":["low","high"]})");
    EXPECT_EQ(book.of("c"), "");
    EXPECT_EQ(book.of(""), "");
}

TEST(Traits, PatternsMayBeginWithAnything) {
    const TraitsBook book = book_of(R"toml(
[[model]]
names = ["a-*", "a-1*"]
context = 1000
[[model]]
names = ["*-mini", "*"]
reasoning = "none"
[[model]]
names = ["a-1-mini"]
context = 2000
)toml");
    EXPECT_EQ(book.of("a-1-mini"), R"({"context":2000,"reasoning":"none"})");
    EXPECT_EQ(book.of("a-2"), R"({"context":1000,"reasoning":"none"})");
    EXPECT_EQ(book.of("z"), R"({"reasoning":"none"})");
    EXPECT_EQ(book.of(""), R"({"reasoning":"none"})");
}

TEST(Traits, TheShippedFileKnowsTheModelsOfToday) {
    const TraitsBook book = book_of(config::kModelsFile);
    const auto says = [&](std::string_view model, std::string_view what) {
        return book.of(model).find(what) != std::string::npos;
    };
    EXPECT_TRUE(says("claude-sonnet-4-5-20250929", R"("reasoning":"anthropic_manual")"));
    EXPECT_TRUE(says("claude-sonnet-4-5-20250929", R"("prefill":true)"));
    EXPECT_TRUE(says("claude-opus-4-7", R"("reasoning":"anthropic_adaptive")"));
    EXPECT_TRUE(says("claude-opus-4-7", R"("sampling_ok":false)"));
    EXPECT_TRUE(says("gpt-4o", R"("reasoning":"none")"));
    EXPECT_TRUE(says("gpt-5.1", R"("reasoning":"openai_effort")"));
    EXPECT_TRUE(says("gemini-2.5-flash", R"("reasoning":"gemini_budget")"));
    EXPECT_TRUE(says("gemini-3-flash", R"("reasoning":"gemini_level")"));
    EXPECT_EQ(book.of("my-own-model"), "");
}

}  // namespace

}  // namespace parley::routing
