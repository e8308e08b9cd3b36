#include "store/bundle.hpp"

#include <gtest/gtest.h>

#include "memory_store.hpp"

namespace parley::store {
namespace {

using base::Result;
using base::Secret;
using plugins::DocumentWrite;

class BundleTest : public ::testing::Test {
protected:
    BundleTest() { memory_.capabilities |= PARLEY_STORE_BATCH; }

    // Puts ten documents.
    Result<void> put_ten() {
        Opened opened(memory_.open_documents(limits_), limits_);
        Bundle bundle(
            opened,
            [&](const DocumentWrite& write, const Result<void>& outcome) {
                (outcome ? taken_ : failed_) += write.key;
                return goes_on_ ? Result<void>() : outcome;
            },
            [&](DocumentWrite& write) -> Result<bool> {
                looked_ += write.key;
                const auto there = opened.get(write.key);
                if (!there) return there.error();
                return !*there;
            });
        for (const char key : std::string_view("abcdefghij")) {
            DocumentWrite write;
            write.key = key;
            write.value = Secret(text_);
            if (auto ok = bundle.add(std::move(write)); !ok) return ok;
        }
        return bundle.end();
    }

    const std::string text_ = std::string(kBatchBytes / 4, 'x');  // four go together
    MemoryStore memory_;
    config::StoreLimits limits_;
    bool goes_on_ = false;
    std::string taken_;
    std::string failed_;
    std::string looked_;
};

TEST_F(BundleTest, IsWrittenTogetherAsFarAsItGoes) {
    ASSERT_TRUE(put_ten());
    EXPECT_EQ(memory_.batches, 3);
    EXPECT_EQ(memory_.reads, 0);
    EXPECT_EQ(taken_, "abcdefghij");
    EXPECT_EQ(memory_.size(), 10u);
}

TEST_F(BundleTest, GoesOneByOneWhereTheStoreTakesNoBatches) {
    memory_.capabilities &= ~PARLEY_STORE_BATCH;
    memory_.set("f", "theirs");
    ASSERT_TRUE(put_ten());
    EXPECT_EQ(memory_.batches, 0);
    EXPECT_EQ(taken_, "abcdeghij");
    EXPECT_EQ(looked_, "f");
}

TEST_F(BundleTest, OneInTheWayIsLookedAt) {
    memory_.set("f", "theirs");
    ASSERT_TRUE(put_ten());
    EXPECT_EQ(memory_.batches, 3);
    EXPECT_EQ(looked_, "efgh");
    EXPECT_EQ(taken_, "abcdeghij");
    EXPECT_EQ(memory_.value("f"), "theirs");
}

TEST_F(BundleTest, SaysWhichOneIsNotTaken) {
    memory_.refused = "f";
    const auto done = put_ten();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().error_class, PARLEY_E_TOO_LARGE);
    EXPECT_EQ(taken_, "abcde");
    EXPECT_EQ(failed_, "f");

    goes_on_ = true;
    taken_.clear();
    ASSERT_TRUE(put_ten());
    EXPECT_EQ(taken_, "ghij");
    EXPECT_EQ(failed_, "ff");
}

}  // namespace
}  // namespace parley::store
