#include "store/opened.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "memory_store.hpp"

namespace parley::store {
namespace {

using base::Result;
using base::Secret;
using plugins::Document;

struct Shop {
    MemoryStore memory;
    config::StoreLimits limits;
    Opened opened{memory.open_documents(limits), limits};

    // Adds one to the number that the document holds.
    void count(const std::string& key) {
        const auto done = opened.change(key, [](const Document* before) {
            const int now = before == nullptr ? 0 : std::stoi(std::string(before->value.reveal()));
            return Result<std::optional<Secret>>(Secret(std::to_string(now + 1)));
        });
        ASSERT_TRUE(done) << done.error().message;
    }
};

TEST(OpenedStore, ReadsListsAndRemoves) {
    Shop shop;
    shop.memory.set("account/a/1", "one");
    shop.memory.set("state/x", "two");
    EXPECT_EQ((*shop.opened.get("account/a/1").value()).value.reveal(), "one");
    EXPECT_FALSE(shop.opened.get("account/a/2").value());
    EXPECT_EQ(shop.opened.list("account/").value().size(), 1u);
    EXPECT_EQ(shop.opened.list("").value().size(), 2u);
    EXPECT_TRUE(shop.opened.remove("state/x").value());
    EXPECT_FALSE(shop.opened.remove("state/x").value());
    EXPECT_EQ(shop.memory.size(), 1u);
}

TEST(OpenedStore, ListsPageByPage) {
    Shop shop;
    for (int i = 0; i < 1300; ++i) shop.memory.set("account/a/" + std::to_string(i), "v");
    EXPECT_EQ(shop.opened.list("account/").value().size(), 1300u);
}

TEST(OpenedStore, LargeDocumentsComeInSmallerPages) {
    MemoryStore memory;
    config::StoreLimits limits;
    limits.page_bytes_max = 2 * 1024 * 1024;
    Opened opened(memory.open_documents(limits), limits);
    for (int i = 0; i < 8; ++i) {
        memory.set("account/a/" + std::to_string(i), std::string(700'000, 'v'));
    }
    EXPECT_EQ(opened.list("account/").value().size(), 8u);
}

TEST(OpenedStore, AConflictIsReadAndDoneAgain) {
    Shop shop;
    shop.memory.set("state/n", "5");
    int others = 3;
    shop.memory.before_write = [&] {
        if (others-- > 0) shop.memory.set("state/n", "10");
    };
    shop.count("state/n");
    EXPECT_EQ(shop.memory.value("state/n"), "11");
}

TEST(OpenedStore, EightWritersLoseNothing) {
    Shop shop;
    std::vector<std::jthread> writers;
    for (int w = 0; w < 8; ++w) {
        writers.emplace_back([&] {
            for (int i = 0; i < 100; ++i) shop.count("state/n");
        });
    }
    writers.clear();
    EXPECT_EQ(shop.memory.value("state/n"), "800");
}

TEST(OpenedStore, FaultsOfTheStoreAreErrors) {
    Shop shop;
    shop.memory.fail(PARLEY_E_FORBIDDEN);
    EXPECT_EQ(shop.opened.get("state/x").error().message, "store memory: it is told to fail");
    EXPECT_EQ(shop.opened.list("").error().error_class, PARLEY_E_FORBIDDEN);
    EXPECT_FALSE(shop.opened.remove("state/x"));
    EXPECT_FALSE(shop.opened.accounts());
}

TEST(OpenedStore, AFrozenStoreIsGivenUpInTime) {
    MemoryStore memory;
    config::StoreLimits limits;
    limits.call_ms = 20;
    Opened opened(memory.open_documents(limits), limits);
    memory.freeze(true);
    const auto got = opened.get("state/x");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().error_class, PARLEY_E_TIMEOUT);
    EXPECT_EQ(got.error().message, "store memory: not within store.call_ms");
    memory.freeze(false);
}

TEST(OpenedStore, AccountsAreAddedChangedAndRemoved) {
    Shop shop;
    const auto set_note = [](const char* note) {
        return [note](const AccountDocument* before) -> Result<std::optional<AccountDocument>> {
            AccountDocument account = before == nullptr ? AccountDocument() : *before;
            if (before == nullptr) account.secret = Secret("sk");
            account.terms.note = note;
            return std::optional(std::move(account));
        };
    };
    ASSERT_TRUE(shop.opened.change_account("up", "main", set_note("first")));
    ASSERT_TRUE(shop.opened.change_account("up", "main", set_note("second")));
    shop.memory.set("account/up/broken", "{}");
    const auto all = shop.opened.accounts().value();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_FALSE(all[0].account);
    EXPECT_EQ(all[1].account->terms.note, "second");
    EXPECT_EQ(all[1].account->secret.reveal(), "sk");
    EXPECT_FALSE(shop.opened.account("up", "none").value());
    EXPECT_FALSE(shop.opened.account("up", "broken"));
    EXPECT_TRUE(shop.opened.remove_account("up", "main").value());
    EXPECT_FALSE(shop.opened.account("up", "main").value());
}

// One that was written with another key hides no other.
TEST(OpenedStore, OneThatCannotBeReadIsListedAsThat) {
    Shop shop;
    shop.memory.set("account/up/a", R"({"secret":"s"})");
    shop.memory.set("account/up/b", R"({"sealed":"aes-256-gcm","key":"other"})");
    shop.memory.set("account/up/c", R"({"secret":"s"})");
    const auto all = shop.opened.accounts();
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3u);
    EXPECT_TRUE((*all)[0].account);
    EXPECT_EQ((*all)[1].key, "account/up/b");
    EXPECT_FALSE((*all)[1].account);
    EXPECT_TRUE((*all)[2].account);
}

TEST(OpenedStore, WhatWouldNotReadBackIsNotWritten) {
    Shop shop;
    const auto empty = [](const AccountDocument*) -> Result<std::optional<AccountDocument>> {
        return std::optional(AccountDocument());
    };
    EXPECT_FALSE(shop.opened.change_account("up", "main", empty)) << "it has no secret";
    EXPECT_FALSE(shop.opened.change_account("u/p", "main", empty));
    EXPECT_EQ(shop.memory.size(), 0u);
}

}  // namespace
}  // namespace parley::store
