#include "parley/sdk/find.hpp"

#include <string>

#include <gtest/gtest.h>

#include "parley/sdk/cuts.hpp"

namespace parley::sdk {

namespace {

TEST(Find, FindsWhatIsThereAtEveryPlace) {
    const std::string what = "\"pl1.";
    for (std::size_t size = 0; size < 100; ++size) {
        // All of it but the middle is everywhere.
        std::string text(size, '"');
        for (std::size_t i = 4; i < size; i += 3) text[i] = '.';
        EXPECT_FALSE(holds(text, what)) << text;
        for (std::size_t at = 0; at + what.size() <= size; ++at) {
            std::string with = text;
            with.replace(at, what.size(), what);
            EXPECT_TRUE(holds(with, what)) << with;
            with[at + 2] = 'x';
            EXPECT_FALSE(holds(with, what)) << with;
        }
    }
}

std::string cut(std::string text, const std::vector<parley_edit>& edits) {
    for (std::size_t i = edits.size(); i-- > 0;) {
        text.replace(edits[i].at, edits[i].len, view(edits[i].text));
    }
    return text;
}

TEST(Cuts, LeaveAListThatIsOne) {
    const std::string text = "[a , b,c ]";
    for (unsigned goes = 0; goes < 8; ++goes) {
        const std::vector<Element> elements{
            {1, 2, (goes & 1) != 0}, {5, 6, (goes & 2) != 0}, {7, 8, (goes & 4) != 0}};
        std::vector<parley_edit> edits;
        cut_elements(elements, str("x"), edits);
        static const char* const kLeft[] = {
            "[a , b,c ]", "[b,c ]", "[a , c ]", "[c ]", "[a , b ]", "[b ]", "[a ]", "[x ]"};
        EXPECT_EQ(cut(text, edits), kLeft[goes]) << goes;
    }
}

TEST(Cuts, TakeAMemberWithItsComma) {
    const std::string text = R"({ "a" : 1 , "b":2})";
    EXPECT_EQ(cut(text, {cut_member(text, 1, 9)}), R"({ "b":2})");
    EXPECT_EQ(cut(text, {cut_member(text, 9, text.size() - 1)}), R"({ "a" : 1})");
    const std::string alone = R"({"a":1})";
    EXPECT_EQ(cut(alone, {cut_member(alone, 1, 6)}), "{}");
}

}  // namespace

}  // namespace parley::sdk
