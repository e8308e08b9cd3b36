// router_test.cpp: from the name that was asked to who may serve it.
#include "routing/router.hpp"

#include <gtest/gtest.h>

#include "accounts/make_account.hpp"
#include "routing/explain.hpp"

namespace parley::routing {

namespace {

// A configuration as a file, and the places that it describes.
class House {
public:
    explicit House(std::string_view toml) {
        config::Loaded loaded = config::load_text(toml, "parley.toml", {});
        for (const config::Fault& fault : loaded.faults) ADD_FAILURE() << fault.text("parley.toml");
        config = std::move(loaded.config);
        std::vector<Place> places;
        for (const config::Provider& provider : config.providers) {
            Place& place = places.emplace_back();
            place.name = provider.name;
            place.models = provider.models;
            place.excluded = provider.excluded_models;
            place.state = book.open(accounts::Book::id_of_provider(provider.name));
            for (const config::Account& account : provider.accounts) {
                place.accounts.push_back(accounts::make_account(account, provider.name, book));
            }
        }
        router = std::make_unique<Router>(std::move(places), config);
    }

    // "provider/label:model" of each candidate, steps parted by "|".
    std::string who(std::string_view model) const {
        const auto found = router->find(model);
        if (!found) return "- " + found.error().message;
        std::string text;
        for (const auto& step : (*found)->steps()) {
            if (!text.empty()) text += " |";
            step->explain({}, [&](const Candidate& c, const Standing&) {
                text += (text.empty() ? "" : " ") + c.account->id + ":" + std::string(c.model);
            });
        }
        return text;
    }

    accounts::Health& health(std::string_view id) { return book.find(id)->health; }

    config::Config config;
    accounts::Book book;
    std::unique_ptr<Router> router;
};

constexpr std::string_view kHouse = R"toml(
[[provider]]
name = "p"
models = ["m-*", "big"]
excluded_models = ["m-old"]
[[provider.account]]
label = "one"
api_key = "k1"
[[provider.account]]
label = "two"
api_key = "k2"
priority = 5
models = ["m-1", "big"]
[[provider.account]]
label = "team"
api_key = "k3"
prefix = "team-a"
prefix_required = true
[[provider.account]]
label = "off"
api_key = "k4"
disabled = true

[[provider]]
name = "q"
models = ["q-large", "q-small"]
[[provider.account]]
label = "one"
api_key = "k5"

[[route]]
model = "fast"
aliases = ["quick", "fast-*"]
policy = "weighted"
strict = true
next_step_on = ["context_too_long"]
attempts_max = 7
targets = [
    { provider = "q", model = "q-large", step = 2 },
    { provider = "p", model = "m-1", accounts = ["o*"] },
    { provider = "p", model = "m-2" },
]
)toml";

TEST(Router, WithoutARouteWhoeverOffersTheModelServesIt) {
    const House house(kHouse);
    EXPECT_EQ(house.who("m-1"), "p/two:m-1 p/one:m-1");
    EXPECT_EQ(house.who("m-9"), "p/one:m-9");
    EXPECT_EQ(house.who("q-small"), "q/one:q-small");
}

TEST(Router, RoutesHaveStepsPoolsAndAliases) {
    const House house(kHouse);
    const std::string expected = "p/one:m-1 p/one:m-2 | q/one:q-large";
    EXPECT_EQ(house.who("fast"), expected);
    EXPECT_EQ(house.who("quick"), expected);
    EXPECT_EQ(house.who("fast-2"), expected);
    const auto course = house.router->find("quick");
    ASSERT_TRUE(course);
    EXPECT_EQ((*course)->terms().route, "fast");
    EXPECT_EQ((*course)->terms().policy, "weighted");
    EXPECT_TRUE((*course)->terms().strict);
    EXPECT_EQ((*course)->terms().limits.attempts_max, 7U);
    EXPECT_TRUE((*course)->falls_through(PARLEY_E_CONTEXT_TOO_LONG, 0));
    EXPECT_FALSE((*course)->falls_through(PARLEY_E_CONTEXT_TOO_LONG, 1));
    EXPECT_FALSE((*course)->falls_through(PARLEY_E_INVALID_ARGUMENT, 0));
}

TEST(Router, PrefixesNameTheAccountsOfATeam) {
    const House house(kHouse);
    EXPECT_EQ(house.who("team-a/m-1"), "p/team:m-1");
    EXPECT_EQ(house.who("team-a/fast"), "p/team:m-2");
    EXPECT_EQ(house.router->prefix_of("team-a/fast"), "team-a");
    EXPECT_EQ(house.who("team-a/q-small"),
              "- the model \"team-a/q-small\" is not served here: no account may serve it for "
              "\"team-a\"");
    EXPECT_EQ(house.router->prefix_of("team-b/fast"), "");
}

TEST(Router, AModelWhoseNameBeginsLikeAPrefixIsMeantByIt) {
    const House house(R"toml(
[[provider]]
name = "p"
models = ["m-1"]
[[provider.account]]
label = "team"
api_key = "k1"
prefix = "acme"

[[provider]]
name = "relay"
models = ["acme/m-1", "acme/*"]
[[provider.account]]
label = "one"
api_key = "k2"
)toml");
    EXPECT_EQ(house.who("acme/m-1"), "relay/one:acme/m-1");
    EXPECT_EQ(house.router->prefix_of("acme/m-1"), "");
    EXPECT_EQ(house.who("m-1"), "p/team:m-1");
    EXPECT_EQ(house.router->prefix_of("acme/m-2"), "acme") << "a pattern is no name";
}

TEST(Router, UnknownModelsNameTheNearest) {
    const House house(kHouse);
    EXPECT_EQ(house.who("q-smal"),
              "- the model \"q-smal\" is not served here; did you mean \"q-small\"");
    EXPECT_EQ(house.who("m-old").substr(0, 41), "- the model \"m-old\" is not served here");
}

TEST(Router, TheNextStepServesWhenTheFormerIsUsedUp) {
    House house(kHouse);
    const auto course = *house.router->find("fast");
    Ask ask;
    ask.now_ms = 1'000;
    Picked picked = course->pick(ask);
    EXPECT_EQ(picked.step, 0U);
    EXPECT_EQ(picked.candidate->account->id, "p/one");
    picked.attempt.fail({PARLEY_E_QUOTA_EXHAUSTED, PARLEY_SCOPE_ACCOUNT, 60'000}, 1'000, 0);
    Picked next = course->pick(ask);
    EXPECT_EQ(next.step, 1U);
    EXPECT_EQ(next.candidate->model, "q-large");
    next.attempt.fail({PARLEY_E_RATE_LIMITED, PARLEY_SCOPE_ACCOUNT, 5'000}, 1'000, 0);
    const Picked nobody = course->pick(ask);
    EXPECT_EQ(nobody.candidate, nullptr);
    EXPECT_EQ(nobody.nobody.free_ms, 6'000);
    EXPECT_EQ(nobody.nobody.count[static_cast<std::size_t>(Reason::kCooling)], 3U);
    // What a larger model may help with begins at the next step.
    ask.now_ms = 7'000;
    ask.step = 1;
    EXPECT_EQ(course->pick(ask).candidate->model, "q-large");
}

TEST(Router, PlacesThatCannotBeAskedAreLeftOut) {
    const House house(kHouse);
    const Place* unfit = house.router->places().data();
    Ask ask;
    ask.now_ms = 1'000;
    ask.unfit = {&unfit, 1};
    for (int i = 0; i < 5; ++i) {
        Picked picked = (*house.router->find("fast"))->pick(ask);
        EXPECT_EQ(picked.candidate->model, "q-large");
    }
    const Picked nobody = (*house.router->find("m-1"))->pick(ask);
    EXPECT_EQ(nobody.nobody.count[static_cast<std::size_t>(Reason::kUnfit)], 2U);
    // It is no fault of theirs.
    ask.unfit = {};
    EXPECT_NE((*house.router->find("m-1"))->pick(ask).candidate, nullptr);
}

TEST(Router, AModelKeepsItsCourseAndBytesAreBounded) {
    const House house(std::string(kHouse) + "[routing]\npools_bytes_max = \"1MiB\"\n");
    EXPECT_EQ(*house.router->find("m-1"), *house.router->find("m-1"));
    int kept = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = "m-" + std::to_string(i);
        const auto first = *house.router->find(name);
        if (first == *house.router->find(name)) ++kept;
    }
    EXPECT_GT(kept, 500);
    EXPECT_LT(kept, 3'000);
}

TEST(Router, PoliciesThatNobodyKnowsAreFaults) {
    config::Loaded loaded = config::load_text(R"toml(
[routing]
policy = "rond-robin"
[[provider]]
name = "p"
[[route]]
model = "a"
policy = "mine"
targets = [{ provider = "p" }]
)toml",
                                              "parley.toml",
                                              {});
    EXPECT_TRUE(loaded.faults.empty());
    const auto faults = faults_of_policies(loaded.config, built_in_policy);
    ASSERT_EQ(faults.size(), 2U);
    EXPECT_EQ(faults[0].text("f"),
              "f: routing.policy: no policy has the name \"rond-robin\"; did you mean "
              "\"round-robin\"");
    EXPECT_EQ(faults[1].text("f"), "f:6:1: route[0].policy: no policy has the name \"mine\"");
}

TEST(Explain, SaysWhoWouldServeAndWhyOthersDoNot) {
    House house(kHouse);
    house.health("p/two").count_failure(1'000, PARLEY_E_PAYMENT_REQUIRED, "no credit left");
    house.health("p/two").cool({31'000, 11'000, PARLEY_E_PAYMENT_REQUIRED, 0}, 1'000);
    Ask ask;
    ask.now_ms = 1'000;
    const Explanation why = explain(*house.router, "m-1", nullptr, ask);
    ASSERT_EQ(why.steps.size(), 1U);
    ASSERT_EQ(why.steps[0].size(), 2U);
    const Explanation::Line& cooling = why.steps[0][0];
    EXPECT_EQ(cooling.account, "two");
    EXPECT_EQ(cooling.standing.reason, Reason::kCooling);
    EXPECT_EQ(cooling.standing.free_ms, 31'000);
    EXPECT_EQ(cooling.last_error, "no credit left");
    EXPECT_TRUE(why.steps[0][1].is_next);
    EXPECT_EQ(house.health("p/one").in_flight(), 0U);
}

TEST(Explain, ACallersScopeAndUnknownModelsAreErrors) {
    House house(kHouse);
    config::ClientKey key;
    key.name = "ada";
    key.models = {"fast"};
    const accounts::Caller caller(key);
    const Explanation why = explain(*house.router, "m-1", &caller, {});
    ASSERT_TRUE(why.error);
    EXPECT_EQ(why.error->message, "the client key \"ada\" may not ask for \"m-1\"");
    EXPECT_FALSE(explain(*house.router, "fast", &caller, {}).error);
    EXPECT_TRUE(explain(*house.router, "nothing", nullptr, {}).error);
}

}  // namespace

}  // namespace parley::routing
