// keeper_test.cpp: what is kept of accounts in a store.
#include "accounts/keeper.hpp"

#include <filesystem>
#include <future>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "../store/memory_store.hpp"
#include "accounts/kept_state.hpp"

namespace parley::accounts {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using base::Secret;

constexpr std::uint64_t kLongMs = 20'000;  // deadline

class KeeperTest : public ::testing::Test {
protected:
    KeeperTest() {
        std::string pattern = (fs::temp_directory_path() / "keeper-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        open();
        stored_.document = "account/up/main";
        configured_.document = kept_key("up", "main");
        configured_.origin = origin_of(Secret("as configured"));
    }

    ~KeeperTest() override {
        ledger_.reset();
        fs::remove_all(folder_);
    }

    // Another process on the same store.
    void open() {
        ledger_.reset();
        ledger_ =
            store::Ledger::open(
                memory_.make_documents(limits_), folder_, "memory", {"account/", "state/"}, limits_)
                .value();
        ledger_->start({});
        ASSERT_TRUE(ledger_->wait_until_read(kLongMs));
    }

    Keeper keeper() const { return Keeper(ledger_, 1'000); }

    static LiveSecret live(const std::string& text) {
        LiveSecret secret;
        secret.text = Secret(text);
        return secret;
    }

    void keep(const Account& account, const std::string& before, const std::string& now) {
        std::promise<void> lasts;
        keeper().keep(
            account, live(before), live(now), std::nullopt, [&](bool) { lasts.set_value(); });
        const auto wait = std::chrono::milliseconds(kLongMs);
        ASSERT_EQ(lasts.get_future().wait_for(wait), std::future_status::ready);
    }

    Claim claim(const Account& account, const std::string& held) const {
        std::promise<Claim> claimed;
        auto result = claimed.get_future();
        keeper().claim(account, live(held), [&](Claim made) { claimed.set_value(made); });
        return result.get();
    }

    json::object document(const std::string& key) {
        const std::string text = memory_.value(key);
        return text.empty() ? json::object() : json::parse(text).as_object();
    }

    store::MemoryStore memory_;
    config::StoreLimits limits_;
    std::string folder_;
    std::shared_ptr<store::Ledger> ledger_;
    Account stored_;
    Account configured_;
};

TEST_F(KeeperTest, ARefreshChangesTheSecretAndNothingElse) {
    memory_.set("account/up/main", R"({"secret":"s1","note":"mine","future":[1]})");
    open();
    keep(stored_, "s1", "s2");
    EXPECT_EQ(json::serialize(document("account/up/main")),
              R"({"secret":"s2","note":"mine","future":[1],"revision":1})");
    keep(stored_, "s2", "s3");
    EXPECT_EQ(document("account/up/main").at("revision"), json::value(2));
}

TEST_F(KeeperTest, ARefreshOfWhatIsNotInForceIsDropped) {
    memory_.set("account/up/main", R"({"secret":"a new login"})");
    open();
    keep(stored_, "s1", "s2");
    EXPECT_EQ(document("account/up/main").at("secret"), json::value("a new login"));
    memory_.erase("account/up/main");
    open();
    keep(stored_, "a new login", "s2");
    EXPECT_EQ(memory_.size(), 0u) << "what was removed does not come back";
}

// A Parley was killed behind a refresh that was in its journal alone; another one refreshes, and
// meanwhile the first begins anew and brings what it had.
TEST_F(KeeperTest, WhatWasRefreshedBeforeAndComesLateIsReplaced) {
    const auto set = [this](const std::string& secret, int revision, int ends_ms) {
        const json::object said{
            {"secret", secret}, {"revision", revision}, {"expires_at_ms", ends_ms}};
        memory_.set("account/up/main", json::serialize(said));
        open();
    };
    LiveSecret ours = live("s3");
    ours.expires_at_ms = 300;
    const auto keep_ours = [&] {
        std::promise<bool> lasts;
        keeper().keep(
            stored_, live("s1"), ours, 3, [&](bool is_in_force) { lasts.set_value(is_in_force); });
        const bool is_ours = lasts.get_future().get();
        const json::object kept = document("account/up/main");
        EXPECT_EQ(kept.at("secret") == json::value("s3"), is_ours);
        return kept;
    };
    set("s1", 3, 100);
    EXPECT_EQ(claim(stored_, "s1").revision, 3);
    set("s2", 4, 200);
    EXPECT_EQ(keep_ours().at("secret"), json::value("s3"));
    EXPECT_EQ(keep_ours().at("revision"), json::value(5));
    set("s4", 4, 400);
    EXPECT_EQ(keep_ours().at("secret"), json::value("s4")) << "it was refreshed after ours";
    set("a new login", 3, 200);
    EXPECT_EQ(keep_ours().at("secret"), json::value("a new login"));
}

TEST_F(KeeperTest, WhatBecameOfAConfiguredSecretHoldsForThatOneAlone) {
    keep(configured_, "as configured", "refreshed");
    const auto kept = kept_secret(*ledger_, configured_.document, configured_.origin);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->reveal(), "refreshed");
    EXPECT_FALSE(kept_secret(*ledger_, configured_.document, origin_of(Secret("another"))));
    Account changed = configured_;
    changed.origin = origin_of(Secret("another"));
    keep(changed, "another", "refreshed anew");
    EXPECT_EQ(kept_secret(*ledger_, changed.document, changed.origin)->reveal(), "refreshed anew");
    EXPECT_FALSE(kept_secret(*ledger_, configured_.document, configured_.origin));
    EXPECT_EQ(memory_.value("state/secret/up/main").find("as configured"), std::string::npos);
}

TEST_F(KeeperTest, OneAtATimeRefreshes) {
    memory_.set("account/up/main", R"({"secret":"s1"})");
    open();
    memory_.hold_lease("refresh/account/up/main", "another");
    EXPECT_GT(claim(stored_, "s1").wait_ms, 0u);
    memory_.drop_lease("refresh/account/up/main");
    const Claim mine = claim(stored_, "s1");
    EXPECT_EQ(mine.wait_ms, 0u);
    EXPECT_NE(mine.token, 0u);
    EXPECT_FALSE(mine.elsewhere);
}

TEST_F(KeeperTest, WhatWasRefreshedElsewhereIsTakenOver) {
    memory_.set("account/up/main", R"({"secret":"s1"})");
    open();
    memory_.set("account/up/main", R"({"secret":"s2","revision":1})");
    const Claim made = claim(stored_, "s1");
    ASSERT_TRUE(made.elsewhere);
    EXPECT_EQ(made.elsewhere->reveal(), "s2");
}

TEST_F(KeeperTest, WithoutTheStoreOneGoesOn) {
    memory_.set("account/up/main", R"({"secret":"s1"})");
    open();
    memory_.fail(PARLEY_E_INTERNAL);
    const Claim made = claim(stored_, "s1");
    EXPECT_EQ(made.wait_ms, 0u);
    EXPECT_FALSE(made.elsewhere);
    memory_.fail(0);
}

struct House {
    Book book;
    Callers callers;
    std::shared_ptr<State> account = book.open("up/main");

    static std::vector<config::ClientKey> keys() {
        config::ClientKey key;
        key.name = "ada";
        key.key = Secret("sk-ada");
        key.limits.requests_per_minute_max = 10;
        return {key};
    }

    House() : callers(keys()) {}
};

constexpr std::int64_t kWall = 1'700'000'000'000;

TEST_F(KeeperTest, CoolDownsAndBudgetsComeBack) {
    {
        House house;
        house.account->health.cool({100'000, 100'000, PARLEY_E_RATE_LIMITED, 1}, 1'000);
        house.callers.find_by_name("ada")->budget->spend(42, 1'000, kWall);
        KeptState state(ledger_, "one");
        state.keep(house.book, house.callers, 1'000, kWall);
        state.keep(house.book, house.callers, 1'001, kWall + 1);
        ASSERT_TRUE(ledger_->wait_until_stored(kLongMs));
    }
    EXPECT_EQ(memory_.writes, 2) << "what is the same is not written again";
    open();
    House house;
    KeptState(ledger_, "one").restore(house.book, house.callers, 5'000, kWall + 10'000);
    const std::int64_t until_ms = house.account->health.cool_down().until_ms;
    EXPECT_NEAR(static_cast<double>(until_ms), 5'000 + 89'000, 1'000);
    EXPECT_EQ(house.callers.find_by_name("ada")->budget->of_day(kWall).tokens, 42u);

    House other;
    KeptState(ledger_, "two").restore(other.book, other.callers, 5'000, kWall);
    EXPECT_GT(other.account->health.cool_down().until_ms, 0) << "replicas learn of cool-downs";
    EXPECT_EQ(other.callers.find_by_name("ada")->budget->of_day(kWall).tokens, 0u);

    House late;
    constexpr std::int64_t kDayMs = 86'400'000;
    KeptState(ledger_, "one").restore(late.book, late.callers, 5'000, kWall + kDayMs);
    EXPECT_EQ(late.account->health.cool_down().until_ms, 0);
    EXPECT_EQ(late.callers.find_by_name("ada")->budget->of_day(kWall + kDayMs).tokens, 0u);
}

// What a replica writes is in the other's memory when that has heard of it.
TEST_F(KeeperTest, ReplicasShareWhatTheyKnow) {
    House one;
    House two;
    KeptState ones(ledger_, "one");
    KeptState twos(ledger_, "two");
    config::CallerLimits limits = House::keys().front().limits;
    limits.tokens_per_day_max = 100;
    Budget& here = *one.callers.find_by_name("ada")->budget;
    Budget& there = *two.callers.find_by_name("ada")->budget;
    const auto pass = [&](House& from, House& to, KeptState& giver, KeptState& taker) {
        giver.keep(from.book, from.callers, 1'000, kWall);
        ASSERT_TRUE(ledger_->wait_until_stored(kLongMs));
        taker.follow(to.book, to.callers, 1'000, kWall);
    };
    EXPECT_EQ(here.begin(limits, 1'000, kWall).over, Over::kNothing);
    EXPECT_EQ(there.begin(limits, 1'000, kWall).over, Over::kNothing);
    here.spend(60, 1'000, kWall);
    one.account->health.cool({100'000, 100'000, PARLEY_E_RATE_LIMITED, 1}, 1'000);
    pass(one, two, ones, twos);
    EXPECT_EQ(two.account->health.cool_down().until_ms, 100'000);
    EXPECT_EQ(there.begin(limits, 1'000, kWall).over, Over::kNothing);
    there.spend(40, 1'000, kWall);
    EXPECT_EQ(there.begin(limits, 1'000, kWall).over, Over::kDay);
    EXPECT_EQ(here.begin(limits, 1'000, kWall).over, Over::kNothing);
    pass(two, one, twos, ones);
    EXPECT_EQ(here.begin(limits, 1'000, kWall).over, Over::kDay);

    // After the first look what is new is the minute's, too: 2 of ours and 9 of theirs.
    limits.tokens_per_day_max = 0;
    for (int i = 0; i < 7; ++i) there.begin(limits, 1'000, kWall);
    pass(two, one, twos, ones);
    EXPECT_EQ(here.begin(limits, 1'000, kWall).over, Over::kNothing);
    EXPECT_EQ(here.begin(limits, 1'000, kWall).over, Over::kRequests);

    // What was ended here does not come back by another who had learnt it from here.
    one.book.clear("up/main");
    pass(two, one, twos, ones);
    EXPECT_EQ(one.account->health.cool_down().until_ms, 0);
}

// A replica that begins while this one serves has used all that it says since; nobody has asked
// for the caller here yet.
TEST_F(KeeperTest, AReplicaThatBeginsLaterCountsFromItsBeginning) {
    config::ClientKey key = House::keys().front();
    key.limits.tokens_per_minute_max = 100;
    Book book;
    const Callers callers({key});
    KeptState ones(ledger_, "one");
    ones.follow(book, callers, 1'000, kWall);
    House two;
    two.callers.find_by_name("ada")->budget->spend(150, 1'000, kWall);
    KeptState(ledger_, "two").keep(two.book, two.callers, 1'000, kWall);
    ASSERT_TRUE(ledger_->wait_until_stored(kLongMs));
    ones.follow(book, callers, 1'000, kWall);
    Budget& here = *callers.find_by_name("ada")->budget;
    EXPECT_EQ(here.begin(key.limits, 1'000, kWall).over, Over::kTokens);
}

TEST_F(KeeperTest, NothingToSayIsNotWritten) {
    House house;
    KeptState(ledger_, "one").keep(house.book, house.callers, 1'000, kWall);
    ASSERT_TRUE(ledger_->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.size(), 0u);
}

}  // namespace
}  // namespace parley::accounts
