#include "accounts/callers.hpp"

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
    ASSERT_NE(callers.find("sk-2"), nullptr);
    EXPECT_EQ(callers.find("sk-2")->name, "bob");
    EXPECT_EQ(callers.find("sk-3"), nullptr);
    EXPECT_EQ(callers.find("sk-"), nullptr);
    EXPECT_EQ(callers.find(""), nullptr);
    EXPECT_EQ(callers.find("sk-22"), nullptr);
    EXPECT_FALSE(callers.is_open());
}

TEST(Callers, WithoutKeysAreOpen) {
    EXPECT_TRUE(Callers({}).is_open());
    EXPECT_NE(Callers({}).number(), Callers({}).number());
}

}  // namespace
}  // namespace parley::accounts
