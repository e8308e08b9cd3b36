// lease_test.cpp: leases exclude, run out, and are told from those before by their token; and calls
// that are cancelled do nothing.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

namespace {

class Lease : public StoreTest {
protected:
    // Tries until the one who has it has it no more.
    Leased take_when_free(Client& client, const std::string& owner) {
        std::mutex mutex;
        std::condition_variable never;
        for (int tries = 0; tries < 200; ++tries) {
            Leased taken = client.lease("refresh/a", owner, 60'000);
            if (taken.status != -PARLEY_E_CONFLICT) return taken;
            std::unique_lock lock(mutex);
            const auto left = std::max<std::uint64_t>(taken.expires_in_ms, 1);
            never.wait_for(lock, std::chrono::milliseconds(left));  // deadline
        }
        return {};
    }
};

TEST_P(Lease, Excludes) {
    PARLEY_NEEDS(PARLEY_STORE_LEASE);
    const auto other = another();
    const Leased mine = store_->lease("refresh/a", "one", 60'000);
    PARLEY_ASSERT_OK(mine);
    EXPECT_GT(mine.token, 0u);
    const Leased theirs = other->lease("refresh/a", "two", 60'000);
    PARLEY_EXPECT_CLASS(theirs, PARLEY_E_CONFLICT);
    EXPECT_GT(theirs.expires_in_ms, 30'000u);
    EXPECT_LE(theirs.expires_in_ms, 60'000u);
    PARLEY_ASSERT_OK(other->lease("refresh/b", "two", 60'000));
    const Leased again = store_->lease("refresh/a", "one", 60'000);
    PARLEY_ASSERT_OK(again);
    EXPECT_EQ(again.token, mine.token);
    const Leased renewed = store_->renew("refresh/a", mine.token, 120'000);
    PARLEY_ASSERT_OK(renewed);
    EXPECT_GT(other->lease("refresh/a", "two", 1).expires_in_ms, 60'000u);
}

TEST_P(Lease, RunsOutAndFences) {
    PARLEY_NEEDS(PARLEY_STORE_LEASE);
    const auto other = another();
    const Leased mine = store_->lease("refresh/a", "one", 200);
    PARLEY_ASSERT_OK(mine);
    const Leased theirs = take_when_free(*other, "two");
    PARLEY_ASSERT_OK(theirs);
    EXPECT_GT(theirs.token, mine.token);
    PARLEY_EXPECT_CLASS(store_->renew("refresh/a", mine.token, 60'000), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(store_->release("refresh/a", mine.token));
    PARLEY_EXPECT_CLASS(store_->lease("refresh/a", "one", 60'000), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(other->renew("refresh/a", theirs.token, 60'000));
}

TEST_P(Lease, IsGivenBack) {
    PARLEY_NEEDS(PARLEY_STORE_LEASE);
    const auto other = another();
    const Leased mine = store_->lease("refresh/a", "one", 60'000);
    PARLEY_ASSERT_OK(store_->release("refresh/a", mine.token));
    PARLEY_EXPECT_CLASS(store_->renew("refresh/a", mine.token, 60'000), PARLEY_E_CONFLICT);
    const Leased theirs = other->lease("refresh/a", "two", 60'000);
    PARLEY_ASSERT_OK(theirs);
    EXPECT_GT(theirs.token, mine.token);
    other->close();
    const Leased back = store_->lease("refresh/a", "one", 60'000);
    PARLEY_ASSERT_OK(back);
    EXPECT_GT(back.token, theirs.token);
    PARLEY_ASSERT_OK(store_->release("refresh/none", 7));
    PARLEY_EXPECT_CLASS(store_->renew("refresh/none", 7, 1000), PARLEY_E_CONFLICT);
}

TEST_P(Lease, OfADeadProcessRunsOut) {
    PARLEY_NEEDS(PARLEY_STORE_LEASE);
    Process holder(
        {PARLEY_STORE_WORKER, stage(GetParam()).plugin, settings_, "hold", "refresh/a", "400"});
    const std::string token = holder.line();
    ASSERT_NE(token, "");
    holder.signal(SIGKILL);
    holder.wait();
    const Leased taken = take_when_free(*store_, "heir");
    PARLEY_ASSERT_OK(taken);
    EXPECT_GT(taken.token, std::stoull(token));
}

class Cancelled : public StoreTest {};

TEST_P(Cancelled, CallsDoNothing) {
    const Written there = store_->put("there", "1");
    store_->cancel(true);
    PARLEY_EXPECT_CLASS(store_->get("there"), PARLEY_E_CANCELLED);
    PARLEY_EXPECT_CLASS(store_->list(""), PARLEY_E_CANCELLED);
    PARLEY_EXPECT_CLASS(store_->put("there", "2"), PARLEY_E_CANCELLED);
    PARLEY_EXPECT_CLASS(store_->remove("there"), PARLEY_E_CANCELLED);
    if (store_->can(PARLEY_STORE_BATCH)) {
        PARLEY_EXPECT_CLASS(store_->batch({{"a", "1"}, {"b", "2"}}), PARLEY_E_CANCELLED);
    }
    if (store_->can(PARLEY_STORE_WATCH_POLL)) {
        PARLEY_EXPECT_CLASS(store_->poll("", ""), PARLEY_E_CANCELLED);
    }
    if (store_->can(PARLEY_STORE_LEASE)) {
        PARLEY_EXPECT_CLASS(store_->lease("l", "o", 1000), PARLEY_E_CANCELLED);
    }
    if (store_->can(PARLEY_STORE_WATCH_PUSH)) {
        PARLEY_EXPECT_CLASS(store_->watch(), PARLEY_E_CANCELLED);
    }
    store_->cancel(false);
    const Listed all = store_->list_all("");
    PARLEY_ASSERT_OK(all);
    ASSERT_EQ(all.documents.size(), 1u);
    EXPECT_EQ(all.documents[0].revision, there.revision);
    PARLEY_ASSERT_OK(store_->health());
}

INSTANTIATE_TEST_SUITE_P(Store, Lease, testing::ValuesIn(stage_names()), name_of);
INSTANTIATE_TEST_SUITE_P(Store, Cancelled, testing::ValuesIn(stage_names()), name_of);

}  // namespace

}  // namespace parley::store_test
