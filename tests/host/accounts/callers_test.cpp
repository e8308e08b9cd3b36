#include "accounts/callers.hpp"

#include <future>

#include <gtest/gtest.h>

namespace parley::accounts {
namespace {

config::ClientKey key(const char* name, const char* text, bool disabled = false) {
    config::ClientKey k;
    k.name = name;
    k.key = base::Secret(text);
    k.disabled = disabled;
    return k;
}

TEST(Callers, AreFoundByTheirKey) {
    const Callers callers({key("ann", "sk-1"), key("bob", "sk-2"), key("eve", "sk-3", true)});
    ASSERT_NE(callers.find("sk-2").caller, nullptr);
    EXPECT_EQ(callers.find("sk-2").caller->name, "bob");
    EXPECT_EQ(callers.find("sk-3").caller, nullptr);
    EXPECT_EQ(callers.find("sk-").caller, nullptr);
    EXPECT_EQ(callers.find("").caller, nullptr);
    EXPECT_EQ(callers.find("sk-22").caller, nullptr);
    EXPECT_FALSE(callers.is_open());
}

TEST(Callers, AHashedKeyIsCheckedOnceAndKnownFromThenOn) {
    const base::Secret right = base::make_key();
    const std::string wrong =
        std::string(right.reveal().substr(0, right.reveal().size() - 1)) + "#";
    std::string other(right.reveal());
    other.back() = other.back() == 'a' ? 'b' : 'a';
    config::ClientKey hashed;
    hashed.name = "ann";
    hashed.key_hash = base::hash_key(right.reveal())->text();
    EXPECT_EQ(hashed.key_hash.find(right.reveal().substr(16)), std::string::npos);
    const Callers callers({hashed, key("bob", "sk-2")});
    EXPECT_FALSE(callers.is_open());
    EXPECT_EQ(callers.find("sk-2").caller->name, "bob");
    EXPECT_EQ(callers.find(base::make_key().reveal()).caller, nullptr) << "of another id";
    EXPECT_EQ(callers.find(wrong).caller, nullptr) << "no key at all";
    const Callers::Found found = callers.find(other);
    ASSERT_NE(found.unproven, nullptr);
    EXPECT_FALSE(found.unproven->check(base::Secret(other)));
    EXPECT_FALSE(found.unproven->is_proven());
    EXPECT_TRUE(callers.find(right.reveal()).unproven->check(right));
    EXPECT_EQ(callers.find(right.reveal()).unproven, nullptr);
    EXPECT_EQ(callers.find(right.reveal()).caller->name, "ann");
    EXPECT_EQ(callers.find(other).caller, nullptr) << "by its digest alone";
    const Callers later({hashed}, &callers);
    EXPECT_EQ(later.find(right.reveal()).unproven, nullptr);
}

TEST(KeyChecks, AreMadeInTurnAndNoMoreWaitThanMay) {
    const base::Secret right = base::make_key();
    const auto against = std::make_shared<HashedKey>(*base::hash_key(right.reveal()));
    std::promise<void> gate;
    std::promise<bool> first;
    std::promise<bool> second;
    KeyChecks checks;
    std::promise<void> begun;
    ASSERT_TRUE(checks.check(against, right, 1, [&](bool fits) {
        begun.set_value();
        gate.get_future().wait();
        first.set_value(fits);
    }));
    begun.get_future().wait();
    ASSERT_TRUE(checks.check(against, right, 1, [&](bool fits) { second.set_value(fits); }));
    EXPECT_FALSE(checks.check(against, right, 1, [](bool) { ADD_FAILURE(); }));
    gate.set_value();
    EXPECT_TRUE(first.get_future().get());
    EXPECT_TRUE(second.get_future().get());
}

TEST(KeyHash, IsReadBackAndNothingElseIs) {
    const base::Secret key = base::make_key();
    const auto hash = base::hash_key(key.reveal());
    const auto read = base::read_key_hash(hash->text());
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->fits(key.reveal()));
    EXPECT_FALSE(base::hash_key("sk-chosen-by-hand"));
    for (const char* bad : {"",
                            "12345678:scrypt:14:8:5",
                            "12345678:scrypt:30:8:5:AAAAAAAAAAAAAAAAAAAAAA:AAAA",
                            "12345678:bcrypt:14:8:5:AAAAAAAAAAAAAAAAAAAAAA:AAAA"}) {
        EXPECT_FALSE(base::read_key_hash(bad)) << bad;
    }
}

TEST(Callers, WithoutKeysAreOpen) {
    EXPECT_TRUE(Callers({}).is_open());
    EXPECT_NE(Callers({}).number(), Callers({}).number());
}

}  // namespace
}  // namespace parley::accounts
