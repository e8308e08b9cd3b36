#include "parley/sdk/empty_tools.hpp"

#include <string>

#include <gtest/gtest.h>

namespace parley::sdk {

namespace {

std::string amended(std::string body) {
    const parley_edit edit = without_empty_tools(body);
    return body.erase(edit.at, edit.len);
}

TEST(EmptyTools, AreTakenOut) {
    EXPECT_EQ(amended(R"({"tools":[]})"), "{}");
    EXPECT_EQ(amended(R"({"tools":[],"a":1})"), R"({"a":1})");
    EXPECT_EQ(amended(R"({"a":1,"tools":[]})"), R"({"a":1})");
    EXPECT_EQ(amended(R"({ "a" : 1 , "tools" : [ ] , "b" : 2 })"), R"({ "a" : 1 , "b" : 2 })");
    EXPECT_EQ(amended(R"({ "tools" : [ ] , "b" : 2 })"), R"({ "b" : 2 })");
}

TEST(EmptyTools, NothingElseIs) {
    for (const char* body : {"",
                             "[]",
                             "{",
                             R"({"tools":[{}]})",
                             R"({"tools":null})",
                             R"({"a":{"tools":[]}})",
                             R"({"a":"\"tools\":[]"})",
                             R"({"a":1})"}) {
        EXPECT_EQ(amended(body), body);
    }
}

TEST(EmptyTools, AreFoundBeforeTheyAreRead) {
    EXPECT_TRUE(may_have_empty_tools(R"({"tools":[]})"));
    EXPECT_TRUE(may_have_empty_tools(R"({"tools":[1],"x":{"tools" : [ ]}})"));
    for (const char* body :
         {"", "\"tools\"", R"({"tools":[)", R"({"tools":[{}]})", R"({"tool":[]})"}) {
        EXPECT_FALSE(may_have_empty_tools(body)) << body;
    }
}

}  // namespace

}  // namespace parley::sdk
