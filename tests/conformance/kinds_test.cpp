// kinds.cpp repeats what the headers say; this reads the headers and compares.
#include "plugins/kinds.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace parley::plugins {
namespace {

// What stands behind @need, by function, in the struct of a header.
std::map<std::string, std::string> needs_of(const std::string& kind) {
    std::ifstream file(PARLEY_TEST_HEADERS "/" + kind + ".h");
    std::string text(std::istreambuf_iterator<char>(file), {});
    const std::string begin = "typedef struct parley_" + kind + " {";
    text.erase(0, text.find(begin));
    text.erase(text.find("\n} parley_" + kind + ";"));
    std::map<std::string, std::string> out;
    const std::regex one(
        R"(@need (required|optional|with (\w+))[^@]*@[^/]*\*/\s*[^;(]*\(\*(\w+)\))");
    for (std::sregex_iterator at(text.begin(), text.end(), one), end; at != end; ++at) {
        out[(*at)[3]] = (*at)[2].matched ? (*at)[2] : (*at)[1];
    }
    return out;
}

// The same of our table: "required", or the slot that it is needed with.
std::map<std::string, std::string> our_needs(const Kind& kind) {
    std::map<std::string, std::string> out;
    for (const Slot& slot : kind.required) out.emplace(slot.name, "required");
    for (const Bond& bond : kind.bonds) {
        // That ops are needed stands in words beside the field, which is no function.
        if (bond.slot.name != "ops") out.emplace(bond.slot.name, bond.with.name);
    }
    return out;
}

TEST(Kinds, RequireWhatTheHeadersRequire) {
    for (const Kind& kind : kinds()) {
        auto needs = needs_of(std::string(kind.name));
        EXPECT_FALSE(needs.empty()) << kind.name;
        std::erase_if(needs, [](const auto& need) { return need.second == "optional"; });
        EXPECT_EQ(our_needs(kind), needs) << kind.name;
    }
}

TEST(Kinds, AreSevenAndHaveNames) {
    EXPECT_EQ(kinds().size(), 7u);
    for (const Kind& kind : kinds()) {
        EXPECT_EQ(find_kind(kind.id), &kind);
        EXPECT_EQ(short_kind(kind.id), kind.name);
        EXPECT_TRUE(is_kind_id(kind.id));
    }
    EXPECT_EQ(find_kind("parley.provider/2"), nullptr);
    EXPECT_EQ(find_kind("parley.provider/1 "), nullptr);
    EXPECT_EQ(short_kind("com.acme.oracle/2"), "com.acme.oracle/2");
    for (const char* wrong : {"",
                              "/",
                              "parley.provider",
                              "parley.provider/",
                              "parley.provider/0",
                              "parley.provider/x",
                              "provider/1",
                              "Parley.provider/1"}) {
        EXPECT_FALSE(is_kind_id(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace parley::plugins
