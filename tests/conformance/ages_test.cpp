// ages_test.cpp: host and plugin of different age: what is longer, shorter, newer or unknown on one
// side is left alone by the other.
#include <algorithm>

#include "base/arena.hpp"
#include "fixture.hpp"
#include "plugins/border.hpp"
#include "plugins/instance.hpp"

namespace parley::plugins {
namespace {

class Ages : public PluginFolder {
protected:
    std::shared_ptr<Library> load(const std::string& name) {
        auto library = Library::load(put(name), options_);
        if (library.has_value()) return *library;
        ADD_FAILURE() << library.error().message;
        return nullptr;
    }

    std::shared_ptr<Instance> make(const std::shared_ptr<Library>& library) {
        const auto& all = library->components();
        const auto provider = std::find_if(all.begin(), all.end(), [](const Component& each) {
            return each.kind_id == PARLEY_KIND_PROVIDER;
        });
        Instance::Faults faults;
        return Instance::make(library, options_.services, *provider, "broken", {}, faults);
    }

    static parley_plan_ask ask() {
        static const auto account = sized<parley_account>();
        auto out = sized<parley_plan_ask>();
        out.account = &account;
        return out;
    }
};

TEST_F(Ages, APluginThatIsNewerThanItsHostServes) {
    const auto library = load("newer");
    ASSERT_NE(library, nullptr);
    ASSERT_EQ(library->components().size(), 3u);
    for (const Component& each : library->components()) {
        EXPECT_EQ(each.kind != nullptr, each.kind_id == PARLEY_KIND_PROVIDER) << each.kind_id;
    }
    std::string warned;
    for (const std::string& each : library->warnings()) warned += each + '\n';
    EXPECT_NE(warned.find("\"parley.dream/1\", which this host does not know"), std::string::npos);
    EXPECT_NE(warned.find("\"parley.provider/2\", which this host"), std::string::npos);
    const auto made = make(library);
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(lines_, std::vector<std::string>{"broken: made without dreams"});
    const Provider provider(made);
    base::Arena arena(4096);
    auto plan = sized<parley_plan>();
    ASSERT_TRUE(provider.plan(ask(), arena, plan).has_value());
    EXPECT_EQ(view(plan.origin), "https://newer.invalid");
    EXPECT_FALSE(provider.tells_windows());
}

TEST_F(Ages, ATableThatIsShorterIsNotReadBeyondItsEnd) {
    const auto library = load("shorter");
    ASSERT_NE(library, nullptr);
    const auto made = make(library);
    ASSERT_NE(made, nullptr);
    const Provider provider(made);
    base::Arena arena(4096);
    auto plan = sized<parley_plan>();
    EXPECT_TRUE(provider.plan(ask(), arena, plan).has_value());
    EXPECT_EQ(provider.wants(ask()), 0u);
    EXPECT_FALSE(provider.tells_windows());
    auto head = sized<parley_http_reply_head>();
    parley_amendment amendment = sized<parley_amendment>();
    EXPECT_TRUE(provider.amend(ask(), "{}", arena, amendment).has_value());
    EXPECT_EQ(amendment.edit_count, 0u);
    const auto told = base::upstream_error(PARLEY_E_RATE_LIMITED, "told");
    head.status = 429;
    const auto verdict = provider.classify(*ask().account, &head, "", told, arena);
    EXPECT_EQ(verdict.error.error_class, PARLEY_E_RATE_LIMITED);
}

TEST_F(Ages, AHostThatIsOlderDeclinesWhatNeedsMore) {
    options_.abi.minor = 0;
    const std::string why = refused(put("minimal"));
    EXPECT_NE(why.find("needs a host of 0.1"), std::string::npos) << why;
    EXPECT_EQ(check_, "A2");
    EXPECT_NE(load("shorter"), nullptr);
}

TEST_F(Ages, AHostThatIsNewerTakesWhatIsOlder) {
    options_.abi.minor = 99;
    for (const char* name : {"minimal", "shorter", "newer"}) EXPECT_NE(load(name), nullptr) << name;
}

TEST_F(Ages, AHostOfAnotherMajorTakesNothing) {
    options_.abi.major = 1;
    EXPECT_NE(refused(put("minimal")).find("built for 0."), std::string::npos);
}

TEST_F(Ages, EveryBundledPluginIsDeclinedPolitelyByAnOlderHost) {
    options_.abi.minor = 0;
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(PARLEY_BUNDLED_PLUGINS)) {
        if (entry.path().extension() != ".so") continue;
        ++count;
        const auto library = Library::load(entry.path().string(), options_);
        ASSERT_FALSE(library.has_value()) << entry.path();
        EXPECT_NE(library.error().message.find("needs a host of 0.1"), std::string::npos)
            << library.error().message;
    }
    EXPECT_GE(count, 10);
}

}  // namespace
}  // namespace parley::plugins
