#include "config/environment.hpp"

#include <gtest/gtest.h>

namespace parley::config {
namespace {

using Variables = std::map<std::string, std::string>;
using Lines = std::vector<std::uint32_t>;

TEST(DotEnv, ReadsAllForms) {
    const DotEnv read = parse_dot_env(
        "\xEF\xBB\xBF# a comment\n"
        "\n"
        "PLAIN=value\n"
        "  SPACED = a b \r\n"
        "export EXPORTED=1\n"
        "export\tTABBED=2\n"
        "exported=3\n"
        "COMMENTED=a # the rest\n"
        "HASH=a#b\n"
        "EMPTY=\n"
        "ONLY_COMMENT= # nothing\n"
        "DOUBLE=\"a # \\\"b\\\" \\n\\r\\t\\\\ \\$ \\x\" # after\n"
        "SINGLE='a \\n $b \"c\"'\n"
        "EQUALS=a=b==\n"
        "DOLLAR=$OTHER\n"
        "TWICE=1\n"
        "TWICE=2\n"
        "_LAST9=end");
    EXPECT_EQ(read.bad_lines, Lines{});
    EXPECT_EQ(read.variables,
              (Variables{{"PLAIN", "value"},
                         {"SPACED", "a b"},
                         {"EXPORTED", "1"},
                         {"TABBED", "2"},
                         {"exported", "3"},
                         {"COMMENTED", "a"},
                         {"HASH", "a#b"},
                         {"EMPTY", ""},
                         {"ONLY_COMMENT", ""},
                         {"DOUBLE", "a # \"b\" \n\r\t\\ $ \\x"},
                         {"SINGLE", "a \\n $b \"c\""},
                         {"EQUALS", "a=b=="},
                         {"DOLLAR", "$OTHER"},
                         {"TWICE", "2"},
                         {"_LAST9", "end"}}));
}

TEST(DotEnv, CountsLinesThatAreNone) {
    const DotEnv read = parse_dot_env(
        "GOOD=1\n"
        "no equals\n"
        "1BAD=x\n"
        "SP ACE=x\n"
        "=x\n"
        "OPEN=\"x\n"
        "OPEN='x\n"
        "AFTER=\"x\" y\n"
        "export\n"
        "ALSO_GOOD=2\n");
    EXPECT_EQ(read.variables, (Variables{{"GOOD", "1"}, {"ALSO_GOOD", "2"}}));
    EXPECT_EQ(read.bad_lines, (Lines{2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(DotEnv, ReadsNothing) {
    EXPECT_EQ(parse_dot_env("").variables, Variables{});
    EXPECT_EQ(parse_dot_env("\n\n").bad_lines, Lines{});
}

TEST(Expand, OnlyWholeValues) {
    const Environment environment{{{"KEY", "secret"}, {"EMPTY", ""}}};
    const auto text = [&](std::string_view value) { return expand(value, environment).text; };
    EXPECT_EQ(text("$KEY"), "secret");
    EXPECT_EQ(text("${KEY}"), "secret");
    EXPECT_EQ(text("$EMPTY"), "");
    EXPECT_EQ(text("a$KEY"), "a$KEY");
    EXPECT_EQ(text("$KEY-b"), "$KEY-b");
    EXPECT_EQ(text("${KEY}b"), "${KEY}b");
    EXPECT_EQ(text("$$KEY"), "$KEY");
    EXPECT_EQ(text("$$$"), "$$");
    EXPECT_EQ(text(""), "");
}

TEST(Expand, TellsWhatIsMissingOrBroken) {
    const Environment environment;
    EXPECT_TRUE(expand("$KEY", environment).is_missing);
    EXPECT_EQ(expand("${KEY}", environment).variable, "KEY");
    for (const char* broken : {"$", "${}", "${KEY", "$KEY}", "$1", "${A B}", "$KEY/x"}) {
        EXPECT_TRUE(expand(broken, environment).is_broken) << broken;
        EXPECT_EQ(expand(broken, environment).text, broken);
    }
    EXPECT_FALSE(expand("$$", environment).is_broken);
    EXPECT_FALSE(expand("plain", environment).is_broken);
}

TEST(Expand, Home) {
    const Environment environment{{{"HOME", "/h"}}};
    EXPECT_EQ(expand_home("~", environment), "/h");
    EXPECT_EQ(expand_home("~/a", environment), "/h/a");
    EXPECT_EQ(expand_home("$HOME/a", environment), "/h/a");
    EXPECT_EQ(expand_home("${HOME}/a", environment), "/h/a");
    EXPECT_EQ(expand_home("~other/a", environment), "~other/a");
    EXPECT_EQ(expand_home("$HOMES/a", environment), "$HOMES/a");
    EXPECT_EQ(expand_home("/a/~", environment), "/a/~");
    EXPECT_EQ(expand_home("/a", {}), "/a");
    EXPECT_EQ(expand_home("~/a", {}), std::nullopt);
    EXPECT_EQ(expand_home("~/a", {{{"HOME", ""}}}), std::nullopt);
}

TEST(Environment, HoldsThatOfTheProcess) {
    const Environment environment = process_environment();
    ASSERT_NE(environment.find("PATH"), nullptr);
    EXPECT_FALSE(environment.find("PATH")->empty());
    EXPECT_EQ(environment.find("PARLEY_NOBODY_SETS_THIS"), nullptr);
}

}  // namespace
}  // namespace parley::config
