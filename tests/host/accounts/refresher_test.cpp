// Secrets that are renewed: once whoever asks, ahead of their end, and never in a storm.
#include "accounts/refresher.hpp"

#include <filesystem>
#include <future>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../store/memory_store.hpp"
#include "script.hpp"

namespace parley::accounts {

namespace {

constexpr std::int64_t kWall = 1'700'000'000'000;

// A login whose secrets are "pending", or "<name> <milliseconds that it lives>". A refresh is one
// call with the old one, whose reply is the new one; status 401 ends the account.
const parley_login& test_login() {
    static const parley_login one = [] {
        auto t = sized<parley_login>();
        t.ops = &ScriptOp::table();
        t.parse = [](parley_instance*,
                     parley_str secret,
                     const parley_arena*,
                     parley_secret_facts* out,
                     parley_error*) -> parley_status {
            out->flags = PARLEY_SECRET_REFRESHABLE;
            const std::string text(view(secret));
            if (text == "nonsense") return -PARLEY_E_INVALID_ARGUMENT;
            if (text == "pending") out->flags |= PARLEY_SECRET_PENDING;
            const std::size_t space = text.find(' ');
            if (space != text.npos) out->expires_at_ms = kWall + std::stoll(text.substr(space));
            return PARLEY_OK;
        };
        t.refresh_begin = [](parley_instance*,
                             const parley_account* account,
                             parley_op** out,
                             parley_error*) -> parley_status {
            std::vector<ScriptOp::Step> steps = {
                [secret = std::string(view(account->secret))](const parley_resume&,
                                                              const parley_effects& e) {
                    const auto asked = ask_http(e, 1, secret);
                    return asked == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
                },
                [](const parley_resume& r, const parley_effects& e) -> parley_status {
                    if (r.status < 0) return r.status;
                    if (r.head->status == 401) return -PARLEY_E_UNAUTHENTICATED;
                    if (r.head->status != 200) return -PARLEY_E_UPSTREAM_FAILED;
                    e.publish(&e, str(view(r.bytes)));
                    return PARLEY_DONE;
                }};
            *out = reinterpret_cast<parley_op*>(new ScriptOp{std::move(steps)});
            return PARLEY_OK;
        };
        return t;
    }();
    return one;
}

config::AccountLimits quick() {
    config::AccountLimits limits;
    limits.refresh_retry_min_ms = 60'000;
    limits.refresh_wait_ms = 20'000;
    return limits;
}

class RefresherTest : public testing::Test {
protected:
    RefresherTest() {
        outside->wall = kWall;
        // Calls are numbered; each is answered by what the test says of it.
        outside->on_call = [this] {
            const std::size_t number = ++calls;
            if (!respond) return;
            loops[0]->post(
                [this, number, call = outside->calls.back()] { call->answer(respond(number)); });
        };
    }

    void set_up(std::size_t loop_count, std::size_t account_count, std::string secret) {
        for (std::size_t i = 0; i < loop_count; ++i) {
            loops.push_back(std::make_unique<http::Loop>(static_cast<int>(i)));
        }
        accounts.resize(account_count);
        std::vector<const Account*> all;
        for (std::size_t i = 0; i < account_count; ++i) {
            accounts[i].id = "p/" + std::to_string(i);
            accounts[i].login = &login;
            if (keeper.wait_ms() != 0) accounts[i].document = "account/" + accounts[i].id;
            accounts[i].number = i;
            accounts[i].state = std::make_shared<State>(static_cast<std::uint32_t>(i + 1));
            accounts[i].secret =
                *read_secret(login, base::Secret(secret), 0, kWall, http::Loop::clock_ms());
            all.push_back(&accounts[i]);
        }
        refresher = std::make_unique<Refresher>(*loops[0], outside, limits, all, nullptr, keeper);
        for (const auto& loop : loops) {
            secrets.push_back(std::make_unique<Secrets>(*loop, refresher.get()));
        }
        refresher->start();
    }

    // Runs the only loop until something is so.
    template <class Is>
    void run_until(Is&& is) {
        const std::uint64_t end_ms = http::Loop::clock_ms() + 20'000;  // deadline
        while (!is()) {
            ASSERT_LT(http::Loop::clock_ms(), end_ms) << "it did not come to that";
            loops[0]->io().run_one_for(std::chrono::milliseconds(100));
        }
    }

    // Waits on a loop; `got` is "<secret>", or "<class> <why>".
    Task<void> fresh(std::size_t loop, std::size_t account, std::string& got) {
        Secrets::Wait wait = secrets[loop]->fresh(accounts[account], nobody);
        Result<LiveSecretPtr> secret = co_await wait;
        got = text_of(secret);
    }

    Task<void> renewed(std::size_t account, LiveSecretPtr refused, std::string& got) {
        Secrets::Wait wait = secrets[0]->renewed(accounts[account], *refused, nobody);
        Result<LiveSecretPtr> secret = co_await wait;
        got = text_of(secret);
    }

    // Another configuration, with these accounts.
    void adopt(std::vector<const Account*> others) {
        refresher->adopt({outside, limits, std::move(others), nullptr, keeper});
        secrets[0]->adopt(refresher->standing());
    }

    static std::string text_of(const Result<LiveSecretPtr>& secret) {
        if (secret) return std::string((*secret)->text.reveal());
        return std::to_string(secret.error().error_class) + ' ' + secret.error().message;
    }

    std::string ask() {
        std::string got;
        base::spawn(fresh(0, 0, got));
        run_until([&] { return !got.empty(); });
        return got;
    }

    const plugins::Login login{nullptr, "p", &test_login(), nullptr};
    config::AccountLimits limits = quick();
    Keeper keeper;
    std::vector<std::unique_ptr<http::Loop>> loops;
    std::shared_ptr<ScriptedOutside> outside = std::make_shared<ScriptedOutside>();
    std::function<Result<http::CallReply>(std::size_t)> respond;
    std::atomic<std::size_t> calls{0};
    std::vector<Account> accounts;
    std::unique_ptr<Refresher> refresher;
    std::vector<std::unique_ptr<Secrets>> secrets;
    http::Cancellation nobody;
};

Result<http::CallReply> ok(std::string secret) {
    return ScriptedOutside::reply(200, std::move(secret));
}

TEST_F(RefresherTest, OneRefreshServesAllWhoWaitOnAllLoops) {
    constexpr std::size_t kLoops = 4;
    constexpr std::size_t kWaits = 50;
    set_up(kLoops, 1, "pending");
    std::vector<std::string> got(kLoops * kWaits);
    std::vector<std::unique_ptr<http::Cancellation>> clients(got.size());
    std::atomic<std::size_t> asked{0};
    std::atomic<std::size_t> served{0};
    auto client = [this, &got, &clients, &asked, &served](std::size_t i) -> Task<void> {
        clients[i] = std::make_unique<http::Cancellation>();
        Secrets::Wait wait = secrets[i % kLoops]->fresh(accounts[0], *clients[i]);
        ++asked;
        Result<LiveSecretPtr> secret = co_await wait;
        got[i] = text_of(secret);
        if (++served < got.size()) co_return;
        for (const auto& loop : loops) loop->stop();
    };
    for (std::size_t i = 0; i < got.size(); ++i) {
        loops[i % kLoops]->post([i, &client] { base::spawn(client(i)); });
    }
    // The call is answered when everybody waits.
    std::function<void()> answer = [&] {
        if (asked < got.size() || outside->calls.empty()) {
            loops[0]->post(answer);
        } else {
            outside->calls[0]->answer(ok("one 3600000"));
        }
    };
    loops[0]->post(answer);
    std::vector<std::jthread> threads;
    for (const auto& loop : loops) threads.emplace_back([&loop = *loop] { loop.run(); });
    threads.clear();
    for (const std::string& text : got) EXPECT_EQ(text, "one 3600000");
    EXPECT_EQ(calls, 1u);
}

// With a store: the accounts are documents there.
class StoredRefresherTest : public RefresherTest {
protected:
    static constexpr std::uint64_t kLongMs = 20'000;  // deadline
    static constexpr std::uint64_t kWaitMs = 20;
    static constexpr const char* kDocument = "account/p/0";

    void SetUp() override {
        folder_ = (std::filesystem::temp_directory_path() / "refresher-XXXXXX").string();
        ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    }

    void TearDown() override {
        secrets.clear();
        refresher.reset();
        keeper = Keeper();
        ledger.reset();
        std::filesystem::remove_all(folder_);
    }

    void open() {
        config::StoreLimits store_limits;
        store_limits.slow_ms = kLongMs;
        ledger =
            store::Ledger::open(
                memory.make_documents(store_limits), folder_, "memory", {"account/"}, store_limits)
                .value();
        ledger->start({});
        ASSERT_TRUE(ledger->wait_until_read(kLongMs));
        keeper = Keeper(ledger, kWaitMs);
    }

    // What the store says of the account from now on; the ledger knows.
    void say(const std::string& secret, int revision, std::int64_t ends_ms) {
        const std::string text = R"({"secret":")" + secret + R"(","revision":)" +
                                 std::to_string(revision) + R"(,"expires_at_ms":)" +
                                 std::to_string(ends_ms) + "}";
        memory.set(kDocument, text);
        if (ledger == nullptr) return;
        run_until([&] {
            const auto known = ledger->find(kDocument);
            return known && known->reveal() == text;
        });
    }

    Account with(const std::string& secret) {
        Account other = accounts[0];
        other.secret = *read_secret(login, base::Secret(secret), 0, kWall, http::Loop::clock_ms());
        return other;
    }

    std::string in_force() {
        const LiveSecretPtr secret = secrets[0]->usable(accounts[0]);
        return secret == nullptr ? "" : std::string(secret->text.reveal());
    }

    store::MemoryStore memory;
    std::shared_ptr<store::Ledger> ledger;

private:
    std::string folder_;
};

// A store that was frozen answers a claim when nobody is left who made it, and so does the timer.
TEST_F(StoredRefresherTest, WhoIsGoneHearsNothingOfItsClaim) {
    open();
    memory.freeze(true);
    set_up(1, 1, "pending");
    loops[0]->io().poll();
    secrets.clear();
    refresher.reset();
    memory.freeze(false);
    // Answered behind the other one.
    std::promise<void> answered;
    ledger->claim("account/p/other", [&](const auto&) { answered.set_value(); });
    answered.get_future().wait();
    EXPECT_TRUE(memory.has_lease("refresh/account/p/0"));
    const std::uint64_t late_ms = http::Loop::clock_ms() + 2 * kWaitMs;
    run_until([&] { return http::Loop::clock_ms() >= late_ms; });
    EXPECT_TRUE(outside->calls.empty());
}

// Its server may have replaced the token already: called off, the family would be lost.
TEST_F(StoredRefresherTest, ARefreshUnderWayOutlastsAnOlderSecretThatComesLate) {
    say("pending", 3, 0);
    open();
    set_up(1, 1, "pending");
    run_until([&] { return calls == 1; });
    say("older 1800000", 4, kWall + 1'800'000);
    const Account other = with("older 1800000");
    adopt({&other});
    EXPECT_EQ(outside->cancelled, 0);
    outside->calls[0]->answer(ok("fresh 3600000"));
    run_until([&] { return in_force() == "fresh 3600000"; });
    EXPECT_EQ(calls, 1u);
}

TEST_F(StoredRefresherTest, WhatCameMeanwhileIsTakenWhereTheRefreshFails) {
    say("pending", 3, 0);
    open();
    set_up(1, 1, "pending");
    run_until([&] { return calls == 1; });
    say("logged-in 3600000", 4, kWall + 3'600'000);
    const Account other = with("logged-in 3600000");
    adopt({&other});
    outside->calls[0]->answer(ScriptedOutside::reply(401, ""));
    run_until([&] { return in_force() == "logged-in 3600000"; });
}

TEST_F(StoredRefresherTest, WhatCameMeanwhileIsTakenWhereItIsTheNewer) {
    say("pending", 3, 0);
    open();
    set_up(1, 1, "pending");
    run_until([&] { return calls == 1; });
    say("logged-in 7200000", 4, kWall + 7'200'000);
    const Account other = with("logged-in 7200000");
    adopt({&other});
    outside->calls[0]->answer(ok("fresh 3600000"));
    run_until([&] { return in_force() == "logged-in 7200000"; });
}

// A store that has much to do has the old one still. Were the new one used, others that ask with
// the old one after the end of this process would revoke both.
TEST_F(StoredRefresherTest, NobodyUsesASecretThatAStoreWithMuchToDoHasNotYet) {
    say("pending", 3, 0);
    std::promise<void> go;
    memory.before_write = [gone = go.get_future().share()] { gone.wait(); };
    open();
    respond = [](std::size_t) { return ok("fresh 3600000"); };
    set_up(1, 1, "pending");
    run_until([&] { return calls == 1; });
    const std::uint64_t late_ms = http::Loop::clock_ms() + 5 * kWaitMs;
    run_until([&] { return http::Loop::clock_ms() >= late_ms; });
    EXPECT_EQ(in_force(), "");
    EXPECT_FALSE(refresher->is_idle());
    go.set_value();
    run_until([&] { return in_force() == "fresh 3600000"; });
    EXPECT_NE(memory.value(kDocument).find("fresh 3600000"), std::string::npos);
}

// Its server may have replaced the token that it was renewed by.
TEST_F(StoredRefresherTest, ASecretThatHasExpiredAlreadyIsKept) {
    say("pending", 3, 0);
    open();
    respond = [](std::size_t number) { return ok(number == 1 ? "over -5" : "fresh 3600000"); };
    limits.refresh_retry_min_ms = 1;
    set_up(1, 1, "pending");
    run_until([&] { return memory.value(kDocument).find("over -5") != std::string::npos; });
    run_until([&] { return in_force() == "fresh 3600000"; });
    EXPECT_EQ(outside->calls.back()->call.body.reveal(), "over -5");
}

TEST_F(RefresherTest, AtRestWhatGoesOnEndsAndNothingBegins) {
    limits.refreshes_max = 1;
    set_up(1, 2, "pending");
    run_until([&] { return calls == 1; });
    refresher->rest();
    EXPECT_FALSE(refresher->is_idle());
    outside->calls[0]->answer(ok("fresh 3600000"));
    run_until([&] { return refresher->is_idle(); });
    EXPECT_EQ(calls, 1u);
    EXPECT_EQ(outside->cancelled, 0);
    const auto is_fresh = [this](std::size_t i) {
        return secrets[0]->usable(accounts[i]) != nullptr;
    };
    run_until([&] { return is_fresh(0) || is_fresh(1); });
}

TEST_F(RefresherTest, RenewsAheadOfTheEndWhileTheOldOneServes) {
    set_up(1, 1, "first 400");
    const LiveSecretPtr first = secrets[0]->usable(accounts[0]);
    ASSERT_NE(first, nullptr);
    run_until([&] { return calls == 1; });
    EXPECT_EQ(text_of(secrets[0]->usable(accounts[0])), "first 400") << "a fifth is left";
    outside->calls[0]->answer(ok("second 3600000"));
    run_until([&] { return secrets[0]->usable(accounts[0]) != first; });
    const LiveSecretPtr second = secrets[0]->usable(accounts[0]);
    EXPECT_EQ(text_of(second), "second 3600000");
    EXPECT_EQ(second->revision, 1u);
    EXPECT_EQ(text_of(first), "first 400") << "who holds it keeps it";
}

TEST_F(RefresherTest, AFailureStandsUntilTheNextTry) {
    limits.refresh_retry_min_ms = 300;
    respond = [](std::size_t n) -> Result<http::CallReply> {
        if (n == 1) return ScriptedOutside::reply(500, "");
        if (n == 2) return base::upstream_error(PARLEY_E_TIMEOUT, "late");
        return ok("there 3600000");
    };
    set_up(1, 1, "pending");
    const std::string failed = "13 account p/0: no usable secret: it failed";
    EXPECT_EQ(ask(), failed);
    EXPECT_EQ(ask(), failed) << "without another try";
    EXPECT_EQ(calls, 1u);
    const Health& health = accounts[0].state->health;
    EXPECT_EQ(health.cool_down().error_class, PARLEY_E_UNAUTHENTICATED) << "not worth a pick";
    run_until([&] { return calls == 2; });
    EXPECT_EQ(ask(), "15 account p/0: no usable secret: it failed");
    run_until([&] { return secrets[0]->usable(accounts[0]) != nullptr; });
    EXPECT_EQ(ask(), "there 3600000");
    EXPECT_EQ(calls, 3u);
    EXPECT_TRUE(health.is_open());
}

// Whose renewal failed ahead of the end of its secret serves until then, and is not picked after
// it.
TEST_F(RefresherTest, AnAccountIsLeftAloneFromTheEndOfItsSecretOn) {
    for (const unsigned status : {401u, 500u}) {
        loops.clear();
        secrets.clear();
        respond = [&](std::size_t) { return ScriptedOutside::reply(status, ""); };
        const std::size_t before = calls;
        set_up(1, 1, "first 400");
        const Health& health = accounts[0].state->health;
        const auto is_cooling = [&] {
            return health.cool_down().error_class == PARLEY_E_UNAUTHENTICATED;
        };
        run_until([&] { return calls == before + 1; });
        EXPECT_FALSE(is_cooling());
        run_until(is_cooling);
        EXPECT_EQ(secrets[0]->usable(accounts[0]), nullptr);
        EXPECT_EQ(calls, before + 1);
        secrets.clear();
        refresher.reset();
    }
}

TEST_F(RefresherTest, AnAccountThatIsGoneIsLeftAlone) {
    limits.refresh_retry_min_ms = 1;
    respond = [](std::size_t) { return ScriptedOutside::reply(401, ""); };
    set_up(1, 1, "pending");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(ask(), "13 account p/0: no usable secret: it failed");
    }
    EXPECT_EQ(calls, 1u);
    const Health& health = accounts[0].state->health;
    EXPECT_FALSE(health.is_open()) << "nobody picks it";
}

TEST_F(RefresherTest, ARefusedSecretIsRenewedOnceInAWhile) {
    respond = [](std::size_t n) { return ok("number" + std::to_string(n) + " 3600000"); };
    set_up(1, 1, "first 3600000");
    const LiveSecretPtr first = secrets[0]->usable(accounts[0]);
    std::string a;
    std::string b;
    base::spawn(renewed(0, first, a));
    base::spawn(renewed(0, first, b));
    run_until([&] { return !a.empty() && !b.empty(); });
    EXPECT_EQ(a, "number1 3600000");
    EXPECT_EQ(b, a);
    EXPECT_EQ(calls, 1u);
    std::string late;
    base::spawn(renewed(0, first, late));
    EXPECT_EQ(late, a) << "it is there already";
    std::string again;
    base::spawn(renewed(0, secrets[0]->usable(accounts[0]), again));
    run_until([&] { return !again.empty(); });
    EXPECT_EQ(again, "13 account p/0: no usable secret: the upstream refuses it, though it is new");
    EXPECT_EQ(calls, 1u);
    EXPECT_EQ(ask(), a) << "others go on";
}

TEST_F(RefresherTest, NotAllAtATime) {
    constexpr std::size_t kAccounts = 300;
    limits.refreshes_max = 7;
    set_up(1, kAccounts, "pending");
    std::size_t answered = 0;
    while (answered < kAccounts) {
        run_until([&] { return outside->calls.size() > answered; });
        EXPECT_LE(outside->calls.size() - answered, limits.refreshes_max);
        outside->calls[answered++]->answer(ok("x 3600000"));
    }
    run_until([&] { return secrets[0]->usable(accounts[kAccounts - 1]) != nullptr; });
    EXPECT_EQ(calls, kAccounts);
    EXPECT_TRUE(refresher->is_idle());
}

TEST_F(RefresherTest, TakesNoSecretThatIsNone) {
    for (const char* bad : {"nonsense", "pending", "over -5"}) {
        loops.clear();
        secrets.clear();
        respond = [&](std::size_t) { return ok(bad); };
        set_up(1, 1, "pending");
        const std::string got = ask();
        EXPECT_NE(got.find("p/0: no usable secret: "), got.npos) << got;
        secrets.clear();
        refresher.reset();
    }
}

TEST_F(RefresherTest, StopsAtOnce) {
    set_up(1, 2, "pending");
    run_until([&] { return calls == 2; });
    EXPECT_FALSE(refresher->is_idle());
    refresher->stop();
    EXPECT_TRUE(refresher->is_idle());
    EXPECT_EQ(outside->cancelled, 2);
}

// ---- other accounts ----

TEST_F(RefresherTest, AnAccountThatStaysKeepsTheSecretInForce) {
    respond = [](std::size_t) { return ok("gained 3600000"); };
    set_up(1, 2, "pending");
    run_until([&] {
        return secrets[0]->usable(accounts[0]) != nullptr &&
               secrets[0]->usable(accounts[1]) != nullptr;
    });
    const LiveSecretPtr before = secrets[0]->usable(accounts[0]);
    std::vector<Account> others = accounts;
    adopt({&others[0]});
    EXPECT_EQ(secrets[0]->usable(others[0]), before);
    EXPECT_EQ(secrets[0]->usable(accounts[1])->text, base::Secret("gained 3600000"))
        << "who began with it may end with it";
    std::string got;
    base::spawn(renewed(1, secrets[0]->usable(accounts[1]), got));
    EXPECT_EQ(got, "13 the account was taken away");
}

TEST_F(RefresherTest, ASecretThatIsConfiguredAnewIsTaken) {
    respond = [](std::size_t) { return ScriptedOutside::reply(401, ""); };
    set_up(1, 1, "pending");
    EXPECT_EQ(ask(), "13 account p/0: no usable secret: it failed") << "only a login helps";
    std::vector<Account> others = accounts;
    others[0].secret =
        *read_secret(login, base::Secret("new 3600000"), 0, kWall, http::Loop::clock_ms());
    adopt({&others[0]});
    EXPECT_EQ(ask(), "new 3600000");
    EXPECT_EQ(secrets[0]->usable(others[0])->revision, 1u) << "newer than the one that was refused";
    EXPECT_EQ(calls, 1u);
}

TEST_F(RefresherTest, WhoWaitsForARefreshDoesSoWhileOtherAccountsCome) {
    set_up(1, 2, "pending");
    std::string got;
    base::spawn(fresh(0, 0, got));
    run_until([&] { return calls != 0; });
    adopt({&accounts[0]});
    EXPECT_EQ(got, "") << "what is not there yet is no secret";
    outside->calls[0]->answer(ok("one 3600000"));
    run_until([&] { return !got.empty(); });
    EXPECT_EQ(got, "one 3600000");
}

TEST_F(RefresherTest, WhoWaitsForAnAccountThatGoesHearsSo) {
    set_up(1, 2, "pending");
    run_until([&] { return calls == 2; });
    std::string got;
    base::spawn(fresh(0, 0, got));
    EXPECT_EQ(got, "");
    adopt({&accounts[1]});
    EXPECT_EQ(got, "13 the account was taken away");
    EXPECT_EQ(outside->cancelled, 1) << "and its refresh ends";
    adopt({&accounts[0], &accounts[1]});
    run_until([&] { return calls == 3; });
    outside->calls[2]->answer(ok("back 3600000"));
    EXPECT_EQ(ask(), "back 3600000");
    refresher->stop();
}

TEST_F(RefresherTest, AWaitEndsWithItsClientOrItsTime) {
    limits.refresh_wait_ms = 100;
    set_up(1, 1, "pending");
    http::Cancellation left;
    std::string gone;
    auto client = [this, &left, &gone]() -> Task<void> {
        Secrets::Wait wait = secrets[0]->fresh(accounts[0], left);
        Result<LiveSecretPtr> secret = co_await wait;
        gone = text_of(secret);
    };
    base::spawn(client());
    left.fire();
    EXPECT_EQ(gone, "16 client left");
    EXPECT_EQ(ask(), "15 account p/0: no usable secret: not within accounts.refresh_wait_ms");
    outside->calls[0]->answer(ok("x 3600000"));
    EXPECT_EQ(ask(), "x 3600000");
}

TEST_F(RefresherTest, WithoutALoginASecretIsJustThere) {
    http::Loop loop{0};
    const Secrets plain(loop, nullptr);
    Account account;
    account.secret = std::make_shared<LiveSecret>(LiveSecret{base::Secret("key"), {}});
    const LiveSecretPtr secret = plain.usable(account);
    EXPECT_EQ(secret.get(), account.secret.get());
    EXPECT_EQ(secret.use_count(), 0) << "nothing is counted on the hot path";
}

}  // namespace

}  // namespace parley::accounts
