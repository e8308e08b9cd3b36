// losses_test.cpp: what is told of losses, in which order, and within which bounds.
#include "pipeline/losses.hpp"

#include <gtest/gtest.h>

namespace parley::pipeline {

namespace {

parley_str text_of(std::string_view text) {
    return {text.data(), text.size()};
}

void lose(Losses& losses, std::string_view code, std::string_view field = {}) {
    losses.add({sizeof(parley_warning), 0, text_of(code), text_of(field)});
}

TEST(Losses, AreToldOnceAndTheGravestFirst) {
    Losses losses;
    EXPECT_TRUE(losses.empty());
    EXPECT_EQ(losses.text(), "");
    lose(losses, PARLEY_WARNING_TOOL_RENAMED, "a b");
    lose(losses, PARLEY_WARNING_FIELD_DROPPED, "seed");
    lose(losses, "of_a_plugin_from_elsewhere");
    lose(losses, PARLEY_WARNING_SCHEMA_WEAKENED, "tools[0]");
    lose(losses, PARLEY_WARNING_FIELD_DROPPED, "seed");
    lose(losses, PARLEY_WARNING_TOOL_CALL_DROPPED);
    EXPECT_EQ(losses.text(),
              "tool_call_dropped, schema_weakened;tools[0], field_dropped;seed, "
              "of_a_plugin_from_elsewhere, tool_renamed;a b");
}

TEST(Losses, AreWrittenSoThatAHeaderCanHoldThem) {
    Losses losses;
    lose(losses, PARLEY_WARNING_FIELD_DROPPED, "a\r\nb, \xc3\xa9");
    lose(losses, PARLEY_WARNING_FIELD_DROPPED, std::string(5000, 'n'));
    const std::string text = losses.text();
    const std::string_view first = "field_dropped;a??b? ??, field_dropped;nnn";
    EXPECT_TRUE(text.starts_with(first)) << text;
    EXPECT_TRUE(text.ends_with("nnn...")) << text;
    EXPECT_LT(text.size(), 200U);
}

// Whatever the number: within 1 KiB, and those that are told and those that are counted are all.
TEST(Losses, OfAnyNumberHaveRoomInOneKilobyte) {
    std::size_t most = 0;
    for (std::size_t count = 1; count < 2000; count += count < 300 ? 1 : 97) {
        Losses losses;
        for (std::size_t i = 0; i < count; ++i) {
            lose(losses, PARLEY_WARNING_FIELD_DROPPED, "member_" + std::to_string(i));
        }
        const std::string text = losses.text();
        ASSERT_LE(text.size(), 1024U) << count;
        most = std::max(most, text.size());
        std::size_t told = 1;
        for (std::size_t at = 0; (at = text.find(", ", at)) != text.npos; at += 2) ++told;
        const std::size_t at = text.find("and_others;");
        if (at == text.npos) {
            EXPECT_EQ(told, count);
        } else {
            EXPECT_EQ(told - 1 + std::stoull(text.substr(at + 11)), count);
        }
    }
    EXPECT_GT(most, 1000U) << "the room is used";
}

TEST(Losses, OfTwoSidesAreOneList) {
    Losses reply;
    lose(reply, PARLEY_WARNING_FIELD_DROPPED, "image");
    Losses request;
    lose(request, PARLEY_WARNING_FIELD_DROPPED, "seed");
    lose(request, PARLEY_WARNING_FIELD_DROPPED, "image");
    lose(request, PARLEY_WARNING_STRICT_DROPPED, "tools[0]");
    reply.add(request);
    EXPECT_EQ(reply.text(), "strict_dropped;tools[0], field_dropped;image, field_dropped;seed");
}

}  // namespace

}  // namespace parley::pipeline
