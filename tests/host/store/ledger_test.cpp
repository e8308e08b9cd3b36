#include "store/ledger.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <unistd.h>

#include <gtest/gtest.h>

#include "memory_store.hpp"

namespace parley::store {
namespace {

namespace fs = std::filesystem;

using base::Secret;

constexpr std::uint64_t kLongMs = 20'000;  // deadline

class LedgerTest : public ::testing::Test {
protected:
    LedgerTest() {
        std::string pattern = (fs::temp_directory_path() / "ledger-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        limits_.retry_min_ms = 1;
        limits_.retry_max_ms = 5;
        limits_.list_ms = 5;
        limits_.slow_ms = 20;
        limits_.call_ms = 10'000;
        limits_.stop_ms = 200;
    }

    ~LedgerTest() override {
        memory_.freeze(false);
        fs::remove_all(folder_);
    }

    std::unique_ptr<Ledger> open(const std::string& identity = "memory") {
        auto ledger = Ledger::open(memory_.make_documents(limits_, cipher_),
                                   folder_,
                                   identity,
                                   {"account/", "state/"},
                                   limits_);
        EXPECT_TRUE(ledger) << ledger.error().message;
        return std::move(*ledger);
    }

    // One that has begun, and remembers what it was told.
    std::unique_ptr<Ledger> start() {
        auto ledger = open();
        ledger->start([this](const std::vector<std::string>& keys) {
            const std::lock_guard lock(told_mutex_);
            for (const std::string& key : keys) told_.push_back(key);
            told_news_.notify_all();
        });
        return ledger;
    }

    std::unique_ptr<Ledger> start_and_read() {
        auto ledger = start();
        EXPECT_TRUE(ledger->wait_until_read(kLongMs));
        return ledger;
    }

    // Whether a change of the document was told, from now on or before.
    bool is_told(const std::string& key) {
        std::unique_lock lock(told_mutex_);
        return told_news_.wait_for(lock, std::chrono::milliseconds(kLongMs), [&] {
            const auto at = std::find(told_.begin(), told_.end(), key);
            if (at == told_.end()) return false;
            told_.erase(at);
            return true;
        });
    }

    static std::string text(const Ledger& ledger, const std::string& key) {
        const auto found = ledger.find(key);
        return found ? std::string(found->reveal()) : "none";
    }

    // Changes documents while the store is away, and has it come back.
    void set_while_away(Ledger& ledger, int count, const std::string& to) {
        memory_.fail(PARLEY_E_INTERNAL);
        for (int i = 0; i < count; ++i) set(ledger, "account/a/" + std::to_string(i), to);
        EXPECT_TRUE(ledger.wait_until_journaled(kLongMs));
        memory_.fail(0);
    }

    static void set(Ledger& ledger, const std::string& key, const std::string& to) {
        ledger.change(key, [to](const Secret*) { return std::optional(Secret(to)); });
    }

    MemoryStore memory_;
    Cipher cipher_;
    config::StoreLimits limits_;
    std::string folder_;
    std::mutex told_mutex_;
    std::condition_variable told_news_;
    std::vector<std::string> told_;
};

TEST_F(LedgerTest, ReadsAndFollows) {
    memory_.set("account/a/1", "one");
    memory_.set("config/not-followed", "x");
    const auto ledger = start_and_read();
    EXPECT_EQ(text(*ledger, "account/a/1"), "one");
    EXPECT_EQ(text(*ledger, "config/not-followed"), "none");
    ASSERT_TRUE(is_told("account/a/1"));
    memory_.set("account/a/2", "two");
    ASSERT_TRUE(is_told("account/a/2"));
    EXPECT_EQ(text(*ledger, "account/a/2"), "two");
    memory_.erase("account/a/1");
    ASSERT_TRUE(is_told("account/a/1"));
    EXPECT_EQ(text(*ledger, "account/a/1"), "none");
    EXPECT_TRUE(ledger->reach().is_good);
}

TEST_F(LedgerTest, AStoreThatTellsNoChangesIsListed) {
    memory_.capabilities = PARLEY_STORE_CAS;
    memory_.set("account/a/1", "one");
    const auto ledger = start_and_read();
    memory_.set("account/a/2", "two");
    ASSERT_TRUE(is_told("account/a/2"));
    memory_.erase("account/a/1");
    ASSERT_TRUE(is_told("account/a/1"));
}

TEST_F(LedgerTest, WhatIsChangedComesIntoTheStore) {
    memory_.set("account/a/1", "one");
    const auto ledger = start_and_read();
    set(*ledger, "account/a/1", "changed");
    set(*ledger, "state/new", "made");
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.value("account/a/1"), "changed");
    EXPECT_EQ(memory_.value("state/new"), "made");
    EXPECT_EQ(ledger->reach().pending, 0u);
}

TEST_F(LedgerTest, WithoutTheStoreItKnowsWhatItKnew) {
    memory_.set("account/a/1", "one");
    { ASSERT_TRUE(start_and_read()->wait_until_journaled(kLongMs)); }
    memory_.fail(PARLEY_E_INTERNAL);
    const auto ledger = start();
    EXPECT_EQ(text(*ledger, "account/a/1"), "one");
    EXPECT_FALSE(ledger->wait_until_read(20));
    EXPECT_FALSE(ledger->reach().is_good);
    memory_.set("account/a/2", "two");
    memory_.fail(0);
    ASSERT_TRUE(ledger->wait_until_read(kLongMs));
    EXPECT_EQ(text(*ledger, "account/a/2"), "two");
}

TEST_F(LedgerTest, RemembersThatTheStoreWasReadOnce) {
    memory_.freeze(true);
    auto ledger = start();
    EXPECT_FALSE(ledger->was_ever_read());
    memory_.freeze(false);
    ASSERT_TRUE(ledger->wait_until_read(kLongMs));
    EXPECT_TRUE(ledger->was_ever_read());
    ledger.reset();
    EXPECT_TRUE(open()->was_ever_read());
    EXPECT_FALSE(open("another store")->was_ever_read());
}

TEST_F(LedgerTest, WhatCannotBeReadIsKnownToBeThere) {
    memory_.set("state/a", R"({"sealed":"aes-256-gcm","key":"none"})");
    memory_.set("state/b", "plain");
    const auto ledger = start_and_read();
    EXPECT_EQ(ledger->unreadable("state/"), std::vector<std::string>{"state/a"});
    EXPECT_EQ(ledger->unreadable("account/"), std::vector<std::string>());
    EXPECT_TRUE(is_told("state/a"));
    memory_.set("state/a", "plain");
    EXPECT_TRUE(is_told("state/a"));
    EXPECT_TRUE(ledger->unreadable("").empty());
}

TEST_F(LedgerTest, AFrozenStoreHoldsNobodyUp) {
    memory_.set("account/a/1", "one");
    { ASSERT_TRUE(start_and_read()->wait_until_journaled(kLongMs)); }
    memory_.freeze(true);
    {
        const auto ledger = start();
        set(*ledger, "account/a/1", "refreshed");
        ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
        EXPECT_EQ(text(*ledger, "account/a/1"), "refreshed");
        EXPECT_FALSE(ledger->wait_until_stored(20));
    }
    EXPECT_EQ(memory_.value("account/a/1"), "one");
    memory_.freeze(false);
    // What the first could not store, the next one does.
    const auto ledger = start();
    EXPECT_EQ(text(*ledger, "account/a/1"), "refreshed");
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.value("account/a/1"), "refreshed");
}

TEST_F(LedgerTest, ASlowCallIsSeenWhileItLasts) {
    const auto ledger = start_and_read();
    memory_.freeze(true);
    set(*ledger, "state/x", "1");
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLongMs);
    const std::string slow = "store memory: no answer within store.slow_ms";
    while (ledger->reach().why != slow && std::chrono::steady_clock::now() < until) {
        ledger->wait_until_stored(10);
    }
    EXPECT_EQ(ledger->reach().why, slow);
    memory_.freeze(false);
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
}

// What came of a look that somebody asked for.
base::Result<std::uint64_t> look(Ledger& ledger) {
    std::promise<base::Result<std::uint64_t>> promise;
    auto future = promise.get_future();
    ledger.look([&](base::Result<std::uint64_t> seen) { promise.set_value(std::move(seen)); });
    return future.get();
}

TEST_F(LedgerTest, LooksWhenItIsAskedTo) {
    memory_.tells = false;
    memory_.poll_interval_ms = 3'600'000;
    limits_.retry_min_ms = limits_.retry_max_ms = 3'600'000;
    const auto ledger = start_and_read();
    memory_.set("account/a/1", "one");
    EXPECT_EQ(look(*ledger).value(), 1u);
    EXPECT_EQ(text(*ledger, "account/a/1"), "one");
    EXPECT_TRUE(is_told("account/a/1"));
    EXPECT_EQ(look(*ledger).value(), 0u);
    memory_.fail(PARLEY_E_FORBIDDEN);
    EXPECT_EQ(look(*ledger).error().error_class, PARLEY_E_FORBIDDEN);
    EXPECT_FALSE(ledger->reach().is_good);
    // Nobody waits for the next try.
    memory_.fail(0);
    memory_.erase("account/a/1");
    EXPECT_EQ(look(*ledger).value(), 1u);
    EXPECT_TRUE(ledger->reach().is_good);
}

TEST_F(LedgerTest, IsSoonThereForAStoreThatWasAwayAtTheStart) {
    limits_.retry_min_ms = limits_.retry_max_ms = 3'600'000;
    limits_.start_ms = limits_.watch_retry_ms = 1;
    memory_.fail(PARLEY_E_INTERNAL);
    const auto ledger = start();
    while (memory_.opens < 3) EXPECT_FALSE(ledger->wait_until_read(1));
    memory_.fail(0);
    EXPECT_TRUE(ledger->wait_until_read(kLongMs));
}

// Who knocks often with the wrong password is soon locked out.
TEST_F(LedgerTest, WhereNobodyIsLetInItSeldomKnocks) {
    limits_.retry_min_ms = limits_.retry_max_ms = 3'600'000;
    limits_.start_ms = limits_.watch_retry_ms = 1;
    memory_.fail(PARLEY_E_FORBIDDEN);
    const auto ledger = start();
    EXPECT_FALSE(look(*ledger));
    const int opens = memory_.opens;
    EXPECT_FALSE(ledger->wait_until_read(50));
    EXPECT_EQ(memory_.opens, opens);
}

// However long the next try would have been waited for.
TEST_F(LedgerTest, LooksAsSoonAsItsStoreIsBack) {
    memory_.tells = false;
    memory_.capabilities |= PARLEY_STORE_WATCH_PUSH;
    memory_.poll_interval_ms = 3'600'000;
    limits_.retry_min_ms = limits_.retry_max_ms = 3'600'000;
    limits_.watch_retry_ms = 1;
    const auto ledger = start_and_read();
    memory_.fail(PARLEY_E_INTERNAL);
    EXPECT_FALSE(look(*ledger));
    EXPECT_TRUE(memory_.wait_for_lost_watch());
    memory_.set("account/a/1", "one");
    memory_.fail(0);
    EXPECT_TRUE(is_told("account/a/1"));
    EXPECT_TRUE(ledger->reach().is_good);
}

TEST_F(LedgerTest, BelievesAStoreThatHasNews) {
    memory_.poll_interval_ms = 3'600'000;
    limits_.retry_min_ms = limits_.retry_max_ms = 3'600'000;
    const auto ledger = start_and_read();
    memory_.fail(PARLEY_E_INTERNAL);
    EXPECT_FALSE(look(*ledger));
    memory_.fail(0);
    memory_.set("account/a/1", "one");
    EXPECT_TRUE(is_told("account/a/1"));
}

TEST_F(LedgerTest, AChangeTouchesWhatChangedAlone) {
    constexpr int kAccounts = 1'000;
    const std::string secret(500, 's');
    for (int i = 0; i < kAccounts; ++i) memory_.set("account/a/" + std::to_string(i), secret);
    const auto ledger = start_and_read();
    ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
    const auto journal_bytes = [this] {
        std::uintmax_t all = 0;
        for (const auto& file : fs::directory_iterator(folder_)) all += file.file_size();
        return all;
    };
    const auto before = journal_bytes();
    const int reads = memory_.reads;
    memory_.set("account/a/7", "theirs");
    ASSERT_TRUE(is_told("account/a/7"));
    set(*ledger, "account/a/8", "ours");
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
    EXPECT_EQ(memory_.value("account/a/8"), "ours");
    EXPECT_LE(memory_.reads - reads, 2) << "theirs, and ours when the store tells of it";
    EXPECT_EQ(memory_.writes, 1);
    EXPECT_LT(journal_bytes() - before, 4 * secret.size());
}

TEST_F(LedgerTest, OfAStoreThatIsReadOnlyChangesStayHere) {
    memory_.capabilities |= PARLEY_STORE_READ_ONLY;
    memory_.set("account/a/1", R"({"secret":"s1","revision":1})");
    const std::string refreshed = R"({"secret":"s2","revision":2})";
    {
        const auto ledger = start_and_read();
        std::promise<void> lasts;
        ledger->change(
            "account/a/1",
            [&](const Secret*) { return std::optional(Secret(refreshed)); },
            [&] { lasts.set_value(); });
        lasts.get_future().wait();
        EXPECT_TRUE(ledger->wait_until_stored(kLongMs));
        EXPECT_TRUE(look(*ledger));
        EXPECT_TRUE(ledger->reach().is_good);
        EXPECT_EQ(text(*ledger, "account/a/1"), refreshed);
    }
    const auto ledger = start_and_read();
    EXPECT_EQ(text(*ledger, "account/a/1"), refreshed);
    memory_.set("account/a/1", R"({"secret":"s1","revision":1,"note":"theirs"})");
    EXPECT_TRUE(look(*ledger));
    EXPECT_EQ(text(*ledger, "account/a/1"), R"({"secret":"s2","revision":2,"note":"theirs"})");
    EXPECT_EQ(memory_.writes, 0);
}

TEST_F(LedgerTest, AConflictIsMerged) {
    memory_.set("account/a/1", R"({"secret":"s1","revision":1})");
    const auto ledger = start_and_read();
    bool is_first = true;
    memory_.before_write = [&] {
        if (!std::exchange(is_first, false)) return;
        memory_.set("account/a/1", R"({"secret":"s1","revision":1,"note":"theirs"})");
    };
    set(*ledger, "account/a/1", R"({"secret":"s2","revision":2})");
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.value("account/a/1"), R"({"secret":"s2","revision":2,"note":"theirs"})");
    EXPECT_EQ(text(*ledger, "account/a/1"), memory_.value("account/a/1"));
}

TEST_F(LedgerTest, WhatIsWishedGoesTogether) {
    memory_.capabilities |= PARLEY_STORE_BATCH;
    {
        const auto ledger = start_and_read();
        set_while_away(*ledger, 10, "first");
        ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
        EXPECT_EQ(memory_.value("account/a/9"), "first");
        EXPECT_EQ(memory_.batches, 1);
        EXPECT_EQ(memory_.writes, 10);
    }
    const std::string large(kBatchBytes / 3 + 1, 'x');
    const auto ledger = start_and_read();
    set_while_away(*ledger, 10, large);
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.value("account/a/9"), large);
    EXPECT_EQ(memory_.batches, 1 + 3) << "three of three, and the tenth alone";
    EXPECT_EQ(memory_.writes, 20);
}

TEST_F(LedgerTest, OneThatIsInTheWayOfOthersIsMerged) {
    memory_.capabilities |= PARLEY_STORE_BATCH;
    memory_.tells = false;
    memory_.poll_interval_ms = 3'600'000;
    memory_.set("account/a/3", R"({"note":"before"})");
    const auto ledger = start_and_read();
    bool is_first = true;
    memory_.before_write = [&] {
        if (!std::exchange(is_first, false)) return;
        memory_.set("account/a/3", R"({"note":"before","theirs":1})");
    };
    set_while_away(*ledger, 10, R"({"note":"after"})");
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.batches, 1);
    EXPECT_EQ(memory_.value("account/a/9"), R"({"note":"after"})");
    EXPECT_EQ(memory_.value("account/a/3"), R"({"note":"after","theirs":1})");
}

TEST_F(LedgerTest, OneThatIsNotTakenHoldsUpNoOther) {
    memory_.capabilities |= PARLEY_STORE_BATCH;
    memory_.refused = "account/a/3";
    const auto ledger = start_and_read();
    set_while_away(*ledger, 10, "one");
    while (ledger->reach().pending != 1) EXPECT_FALSE(ledger->wait_until_stored(1));
    EXPECT_EQ(memory_.value("account/a/9"), "one");
    EXPECT_EQ(text(*ledger, "account/a/3"), "one");
    EXPECT_FALSE(ledger->reach().is_good);
}

// Where much has changed, pages are read rather than one document after the other.
TEST_F(LedgerTest, ManyChangesAreReadInPages) {
    const auto ledger = start_and_read();
    memory_.tells = false;
    memory_.fail(PARLEY_E_INTERNAL);
    for (int i = 0; i < 1'000; ++i) memory_.set("account/a/" + std::to_string(i), "one");
    const int reads = memory_.reads;
    memory_.fail(0);
    ASSERT_TRUE(is_told("account/a/999"));
    EXPECT_LE(memory_.reads - reads, 4) << "two pages of accounts, and one of state";
}

TEST_F(LedgerTest, EditsSeeEachOther) {
    const auto ledger = start_and_read();
    for (int i = 0; i < 100; ++i) {
        ledger->change("state/n", [](const Secret* before) {
            const int now = before == nullptr ? 0 : std::stoi(std::string(before->reveal()));
            return std::optional(Secret(std::to_string(now + 1)));
        });
    }
    ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.value("state/n"), "100");
}

TEST_F(LedgerTest, DocumentsOfAnotherStoreAreForgotten) {
    memory_.set("account/a/1", "one");
    { ASSERT_TRUE(start_and_read()->wait_until_journaled(kLongMs)); }
    EXPECT_EQ(text(*open("memory"), "account/a/1"), "one");
    EXPECT_EQ(text(*open("another"), "account/a/1"), "none");
}

TEST_F(LedgerTest, TwoProcessesShareAStateFolder) {
    memory_.set("account/a/1", "one");
    auto first = start_and_read();
    ASSERT_TRUE(first->wait_until_journaled(kLongMs));
    auto second = start_and_read();
    EXPECT_EQ(text(*second, "account/a/1"), "one");
    set(*second, "account/a/1", "two");
    ASSERT_TRUE(is_told("account/a/1"));
    first.reset();
    ASSERT_TRUE(second->wait_until_journaled(kLongMs)) << "it takes the journal over";
    second.reset();
    EXPECT_EQ(text(*open(), "account/a/1"), "two");
}

// Of a worker at a seat that is gone: what it wished comes into the store, and its journal goes.
TEST_F(LedgerTest, TakesOverWhatAnotherHasLeft) {
    const std::string left = folder_ + "/left-2";
    const auto open_at = [&](const std::string& folder, std::span<const std::string> leftovers) {
        auto ledger = Ledger::open(memory_.make_documents(limits_, cipher_),
                                   folder,
                                   "memory",
                                   {"account/", "state/"},
                                   limits_,
                                   leftovers);
        EXPECT_TRUE(ledger) << ledger.error().message;
        return std::move(*ledger);
    };
    memory_.set("account/a/1", R"({"label":"one","other":1})");
    {
        auto gone = open_at(left, {});
        gone->start({});
        ASSERT_TRUE(gone->wait_until_read(kLongMs));
        memory_.fail(PARLEY_E_OVERLOADED);
        set(*gone, "account/a/1", R"({"label":"two","other":1})");
        set(*gone, "account/a/2", "new");
        ASSERT_TRUE(gone->wait_until_journaled(kLongMs));
        gone->stop();
        memory_.fail(0);
    }
    memory_.set("account/a/1", R"({"label":"one","other":2})");
    { ASSERT_TRUE(start_and_read()->wait_until_journaled(kLongMs)); }
    const std::vector<std::string> leftovers{left};
    {
        auto busy = open_at(left, {});
        auto heir = open_at(folder_, leftovers);
        EXPECT_EQ(text(*heir, "account/a/2"), "none") << "somebody still writes it";
    }
    {
        auto heir = open_at(folder_, leftovers);
        EXPECT_EQ(text(*heir, "account/a/2"), "new");
        EXPECT_FALSE(fs::exists(left));
    }
    auto heir = open_at(folder_, leftovers);  // it is in the journal of its own
    heir->start({});
    ASSERT_TRUE(heir->wait_until_stored(kLongMs));
    EXPECT_EQ(memory_.value("account/a/2"), "new");
    EXPECT_EQ(memory_.value("account/a/1"), R"({"label":"two","other":2})");
}

TEST_F(LedgerTest, AJournalThatCannotBeMadeIsAFault) {
    if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full on this machine";
    // A journal that is as good as full: its file leads to a device that takes nothing.
    ASSERT_TRUE(Ledger::open(memory_.make_documents(limits_), folder_, "full", {}, limits_));
    for (const auto& entry : fs::directory_iterator(folder_)) {
        if (entry.path().extension() != "") continue;
        fs::remove(entry.path());
        fs::create_symlink("/dev/full", entry.path().string() + ".new");
    }
    memory_.set("account/a/1", "one");
    auto ledger = Ledger::open(
        memory_.make_documents(limits_), folder_, "full", {"account/", "state/"}, limits_);
    EXPECT_FALSE(ledger) << "it cannot be made";
    for (const auto& entry : fs::directory_iterator(folder_)) {
        if (entry.path().extension() == ".new") fs::remove(entry.path());
    }
    ledger = Ledger::open(
        memory_.make_documents(limits_), folder_, "full", {"account/", "state/"}, limits_);
    ASSERT_TRUE(ledger);
}

TEST_F(LedgerTest, EncryptedNothingIsInTheOpen) {
    cipher_ = Cipher({read_cipher_key(Secret(std::string(64, 'a'))).value()});
    {
        const auto ledger = start_and_read();
        set(*ledger, "account/a/1", "planted-secret");
        ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
        ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
    }
    EXPECT_EQ(memory_.value("account/a/1").find("planted-secret"), std::string::npos);
    EXPECT_NE(memory_.value("account/a/1").find(cipher_.key_id()), std::string::npos);
    for (const auto& entry : fs::directory_iterator(folder_)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(all.find("planted-secret"), all.npos) << entry.path();
    }
    EXPECT_EQ(text(*open(), "account/a/1"), "planted-secret");
    // Without the key nothing is begun, and nothing is lost.
    const auto other = Ledger::open(
        memory_.make_documents(limits_), folder_, "memory", {"account/", "state/"}, limits_);
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("encrypted with the key"), std::string::npos);
    EXPECT_EQ(text(*open(), "account/a/1"), "planted-secret");
}

// As it is told to people who change the key: the next start, and the old key may go.
TEST_F(LedgerTest, TheJournalFollowsTheKey) {
    const CipherKey old_key = read_cipher_key(Secret(std::string(64, 'a'))).value();
    const CipherKey new_key = read_cipher_key(Secret(std::string(64, 'b'))).value();
    const auto is_in_files = [this](const std::string& what) {
        for (const auto& entry : fs::directory_iterator(folder_)) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string all{std::istreambuf_iterator<char>(in), {}};
            if (all.find(what) != all.npos) return true;
        }
        return false;
    };
    {
        const auto ledger = start_and_read();
        set(*ledger, "account/a/1", "planted-secret");
        ASSERT_TRUE(ledger->wait_until_stored(kLongMs));
        ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
    }
    EXPECT_TRUE(is_in_files("planted-secret")) << "nothing is encrypted yet";
    for (const auto& keys : {std::vector{old_key}, std::vector{new_key, old_key}}) {
        cipher_ = Cipher(keys);
        EXPECT_EQ(text(*open(), "account/a/1"), "planted-secret");
        EXPECT_FALSE(is_in_files("planted-secret"));
        EXPECT_TRUE(is_in_files(keys[0].id));
    }
    EXPECT_FALSE(is_in_files(old_key.id));
    cipher_ = Cipher({new_key});
    EXPECT_EQ(text(*open(), "account/a/1"), "planted-secret");
}

TEST_F(LedgerTest, ADocumentThatCannotBeReadHoldsUpNoOther) {
    const Cipher another({read_cipher_key(Secret(std::string(64, 'b'))).value()});
    memory_.set("account/a/1", std::string(another.encrypt("account/a/1", Secret("x")).reveal()));
    memory_.set("account/a/2", "two");
    const auto ledger = start_and_read();
    EXPECT_EQ(text(*ledger, "account/a/1"), "none");
    EXPECT_EQ(text(*ledger, "account/a/2"), "two");
    memory_.set("account/a/3", std::string(another.encrypt("account/a/3", Secret("x")).reveal()));
    memory_.set("account/a/4", "four");
    ASSERT_TRUE(is_told("account/a/4"));
    EXPECT_TRUE(ledger->reach().is_good);
}

plugins::Lease claimed(Ledger& ledger, const std::string& key) {
    auto promise = std::make_shared<std::promise<base::Result<plugins::Lease>>>();
    auto future = promise->get_future();
    ledger.claim(key, [promise](base::Result<plugins::Lease> lease) {
        promise->set_value(std::move(lease));
    });
    return future.get().value();
}

TEST_F(LedgerTest, WhoHasALeaseKnowsTheDocument) {
    const auto ledger = start_and_read();
    memory_.hold_lease("refresh/account/a/1", "another");
    EXPECT_TRUE(claimed(*ledger, "account/a/1").is_taken);
    memory_.drop_lease("refresh/account/a/1");
    memory_.set("account/a/1", "written elsewhere");
    const plugins::Lease lease = claimed(*ledger, "account/a/1");
    EXPECT_FALSE(lease.is_taken);
    EXPECT_EQ(text(*ledger, "account/a/1"), "written elsewhere");
    EXPECT_EQ(claimed(*ledger, "account/a/1").token, lease.token);
    ledger->give_back("account/a/1", lease.token);
}

TEST_F(LedgerTest, ALeaseLastsUntilAllHaveGivenItBack) {
    limits_.lease_ms = 30;
    const auto ledger = start_and_read();
    const plugins::Lease lease = claimed(*ledger, "account/a/1");
    EXPECT_TRUE(memory_.wait_for_renewals(3));
    EXPECT_EQ(claimed(*ledger, "account/a/1").token, lease.token);
    ledger->give_back("account/a/1", lease.token);
    // The next claim is answered behind what was given back.
    claimed(*ledger, "account/a/2");
    EXPECT_TRUE(memory_.has_lease("refresh/account/a/1"));
    ledger->give_back("account/a/1", lease.token);
    EXPECT_TRUE(memory_.wait_for_release("refresh/account/a/1"));
}

// What a future is told when a change lasts.
std::future<void> lasting(Ledger& ledger, const std::string& key, const std::string& text) {
    auto promise = std::make_shared<std::promise<void>>();
    auto future = promise->get_future();
    ledger.change(
        key, [text](const Secret*) { return Secret(text); }, [promise] { promise->set_value(); });
    return future;
}

TEST_F(LedgerTest, AChangeLastsWhenItIsInTheStore) {
    const auto ledger = start_and_read();
    lasting(*ledger, "account/a/1", "one").get();
    EXPECT_EQ(memory_.value("account/a/1"), "one");
    // Nothing to change: there is nothing to wait for.
    lasting(*ledger, "account/a/1", "one").get();
}

// On a slow store each lease that is held has to be renewed while others are written.
TEST_F(LedgerTest, ALeaseIsGivenBackBeforeAllOthersAreWritten) {
    std::atomic<int> writes{0};
    std::promise<void> may_begin;
    std::promise<void> is_returned;
    std::atomic<bool> was_held_to_the_end{false};
    const std::string name = "refresh/account/a/1";
    limits_.slow_ms = kLongMs;
    memory_.before_write = [&] {
        const int now = writes++;
        if (now == 0) may_begin.get_future().wait();  // all are written in one go, behind it
        if (now == 2) is_returned.get_future().wait();
        if (now == 3) was_held_to_the_end = memory_.has_lease(name);
    };
    const auto ledger = start_and_read();
    const plugins::Lease lease = claimed(*ledger, "account/a/1");
    auto blocking = lasting(*ledger, "account/a/0", "zero");
    const auto one = [](const Secret*) { return Secret("one"); };
    ledger->change("account/a/1", one, [&] {
        ledger->give_back("account/a/1", lease.token);
        // Told behind that.
        const auto nothing = [](const Secret*) { return std::optional<Secret>(); };
        ledger->change("account/a/none", nothing, [&] { is_returned.set_value(); });
    });
    auto two = lasting(*ledger, "account/a/2", "two");
    auto three = lasting(*ledger, "account/a/3", "three");
    ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
    may_begin.set_value();
    for (auto* each : {&blocking, &two, &three}) each->get();
    EXPECT_EQ(writes, 4);
    EXPECT_FALSE(was_held_to_the_end);
}

// Claims that are waited for do not hold up what another lease was taken for.
TEST_F(LedgerTest, WhatALeaseWasTakenForComesBeforeOtherClaims) {
    limits_.slow_ms = kLongMs;
    std::atomic<bool> was_late{false};
    memory_.before_write = [&] { was_late = memory_.has_lease("refresh/account/b/2"); };
    const auto ledger = start_and_read();
    const plugins::Lease lease = claimed(*ledger, "account/a/1");
    memory_.freeze(true);
    std::promise<void> first;
    std::promise<void> second;
    ledger->claim("account/b/1", [&](const auto&) { first.set_value(); });
    ledger->claim("account/b/2", [&](const auto&) { second.set_value(); });
    auto written = lasting(*ledger, "account/a/1", "one");
    ASSERT_TRUE(ledger->wait_until_journaled(kLongMs));
    memory_.freeze(false);
    first.get_future().wait();
    second.get_future().wait();
    written.get();
    EXPECT_EQ(memory_.value("account/a/1"), "one");
    EXPECT_FALSE(was_late);
    ledger->give_back("account/a/1", lease.token);
    EXPECT_TRUE(memory_.wait_for_release("refresh/account/a/1"));
}

TEST_F(LedgerTest, WithAStoreThatIsAwayAChangeLastsInTheJournal) {
    auto ledger = start_and_read();
    for (const bool is_frozen : {true, false}) {
        if (is_frozen) {
            memory_.freeze(true);
        } else {
            memory_.fail(PARLEY_E_OVERLOADED);
        }
        const std::string key = is_frozen ? "account/a/1" : "account/a/2";
        lasting(*ledger, key, "one").get();
        EXPECT_EQ(memory_.value(key), "");
        memory_.fail(0);
        memory_.freeze(false);
        EXPECT_TRUE(ledger->wait_until_stored(kLongMs));
    }
}

}  // namespace
}  // namespace parley::store
