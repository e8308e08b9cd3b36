// What a change of the store costs: the documents that changed are read and understood again, and
// no other, however many there are.
#include "store/account_reader.hpp"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <unistd.h>

#include <gtest/gtest.h>

#include "memory_store.hpp"
#include "store/ledger.hpp"

namespace parley::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAccounts = 10'000;
constexpr std::uint64_t kLongMs = 60'000;  // deadline

std::string key_of(std::size_t i) {
    return "account/up/a" + std::to_string(i);
}

class AccountReaderTest : public ::testing::Test {
protected:
    AccountReaderTest() {
        folder_ = ::testing::TempDir() + "/account-reader-" + std::to_string(::getpid());
        fs::remove_all(folder_);
        for (std::size_t i = 0; i < kAccounts; ++i) memory_.set(key_of(i), R"({"secret":"s"})");
        auto ledger = Ledger::open(
            memory_.make_documents(limits_), folder_, "memory", {"account/", "state/"}, limits_);
        ledger_ = std::move(ledger.value());
        ledger_->start([this](const std::vector<std::string>& keys) {
            const std::lock_guard lock(mutex_);
            told_.insert(keys.begin(), keys.end());
            news_.notify_all();
        });
        EXPECT_TRUE(ledger_->wait_until_read(kLongMs));
        EXPECT_TRUE(has_heard(key_of(kAccounts - 1)));
        const std::lock_guard lock(mutex_);
        told_.clear();
    }

    ~AccountReaderTest() override {
        ledger_.reset();
        fs::remove_all(folder_);
    }

    bool has_heard(const std::string& key) {
        std::unique_lock lock(mutex_);
        return news_.wait_for(
            lock, std::chrono::milliseconds(kLongMs), [&] { return told_.erase(key) != 0; });
    }

    // How many of these were not among those.
    static std::size_t fresh(const std::vector<AccountPtr>& now,
                             const std::vector<AccountPtr>& was) {
        const std::set<AccountPtr> known(was.begin(), was.end());
        return static_cast<std::size_t>(std::count_if(
            now.begin(), now.end(), [&](const AccountPtr& one) { return !known.contains(one); }));
    }

    MemoryStore memory_;
    config::StoreLimits limits_;
    std::string folder_;
    std::unique_ptr<Ledger> ledger_;
    std::mutex mutex_;
    std::condition_variable news_;
    std::set<std::string> told_;
};

TEST_F(AccountReaderTest, AChangeReadsAndUnderstandsWhatChanged) {
    AccountReader reader(*ledger_);
    const auto before = reader.read();
    ASSERT_EQ(before.size(), kAccounts);
    EXPECT_EQ(fresh(reader.read(), before), 0u) << "nothing has changed";
    const int reads = memory_.reads;

    memory_.set(key_of(77), R"({"secret":"other"})");
    ASSERT_TRUE(has_heard(key_of(77)));
    EXPECT_EQ(memory_.reads, reads + 1);
    const auto changed = reader.read();
    EXPECT_EQ(changed.size(), kAccounts);
    EXPECT_EQ(fresh(changed, before), 1u);

    memory_.set("account/up/late", R"({"secret":"s"})");
    ASSERT_TRUE(has_heard("account/up/late"));
    memory_.erase(key_of(3));
    ASSERT_TRUE(has_heard(key_of(3)));
    EXPECT_EQ(memory_.reads, reads + 3);
    const auto again = reader.read();
    EXPECT_EQ(again.size(), kAccounts);
    EXPECT_EQ(fresh(again, changed), 1u);
}

TEST_F(AccountReaderTest, WhatIsNoAccountsIsNoNewsOfThem) {
    AccountReader reader(*ledger_);
    const auto before = reader.read();
    const int reads = memory_.reads;
    memory_.set("state/budgets/another", "{}");
    ASSERT_TRUE(has_heard("state/budgets/another"));
    EXPECT_EQ(memory_.reads, reads + 1);
    EXPECT_EQ(fresh(reader.read(), before), 0u);
}

// A document that is written anew with what it said before is no change.
TEST_F(AccountReaderTest, ATextThatStaysIsUnderstoodOnce) {
    AccountReader reader(*ledger_);
    const auto before = reader.read();
    memory_.set(key_of(5), R"({"secret":"s"})");
    memory_.set("state/mark", "{}");
    ASSERT_TRUE(has_heard("state/mark"));
    EXPECT_EQ(fresh(reader.read(), before), 0u);
}

}  // namespace
}  // namespace parley::store
