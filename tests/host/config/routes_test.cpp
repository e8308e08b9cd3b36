// routes_test.cpp: accounts, routes and callers in the file, and what is wrong with them.
#include "config/routes.hpp"

#include "faults.hpp"

namespace parley::config {
namespace {

TEST(Routes, AllFaultsOfAnAccountAtOnce) {
    EXPECT_EQ(faults_in(R"toml([[provider]]
name = "p"
[[provider.account]]
api_key = "k"
weight = 0
prefix = "team/a"
headers = ["no colon"]
[[provider.account]]
label = "b"
api_key = "k2"
prefix_required = true
)toml"),
              (Texts{"p.toml:5:10: provider[0].account[0].weight: expected an integer from 1 to "
                     "1000000, got 0",
                     "p.toml:6:10: provider[0].account[0].prefix: expected a name without slashes "
                     "and spaces, such as \"team-a\", got \"team/a\"",
                     "p.toml:7:11: provider[0].account[0].headers: expected strings such as "
                     "\"x-team: blue\"",
                     "p.toml:11:19: provider[0].account[1].prefix_required: given without prefix; "
                     "give both or neither"}));
}

TEST(Routes, AliasesAndStepsAreChecked) {
    EXPECT_EQ(faults_in(R"toml([[provider]]
name = "p"
[[route]]
model = "a"
targets = [{ provider = "p", step = 0 }]
[[route]]
model = "b"
aliases = ["a"]
next_step_on = ["context_to_long"]
targets = [{ provider = "p" }]
)toml"),
              (Texts{"p.toml:5:37: route[0].targets[0].step: expected an integer from 1 to 100, "
                     "got 0",
                     "p.toml:8:11: route[1].aliases: \"a\" is already taken by route[0].model "
                     "(line 4); expected another one",
                     "p.toml:9:16: route[1].next_step_on: no error \"context_to_long\" leads to "
                     "the next step; did you mean \"context_too_long\""}));
}

TEST(Routes, HeadersAreTakenApart) {
    EXPECT_EQ(header_of("x-team:  blue "), (std::pair<std::string, std::string>("x-team", "blue")));
    EXPECT_EQ(header_of("x: a: b"), (std::pair<std::string, std::string>("x", "a: b")));
    EXPECT_EQ(header_of("x y: a").first, "");
    EXPECT_EQ(header_of(": a").first, "");
    EXPECT_EQ(header_of("Content-Length: 1").first, "");
    EXPECT_EQ(header_of("x: a\r\nb: c").first, "");
}

}  // namespace
}  // namespace parley::config
