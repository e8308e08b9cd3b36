// batch_test.cpp: all writes of a batch, or none.
#include "stage.hpp"

namespace parley::store_test {

namespace {

class Batch : public StoreTest {};

TEST_P(Batch, DoesAllOfItsWrites) {
    PARLEY_NEEDS(PARLEY_STORE_BATCH);
    const Written old = store_->put("old", "1");
    const Written done = store_->batch({{"new", "{}", PARLEY_REVISION_NONE},
                                        {"old", std::nullopt, old.revision},
                                        {"none", std::nullopt},
                                        {"text", "t", PARLEY_REVISION_ANY, "text/plain"}});
    PARLEY_ASSERT_OK(done);
    EXPECT_EQ(done.revisions[0], store_->get("new").document.revision);
    EXPECT_EQ(done.revisions[1], 0u);
    EXPECT_EQ(done.revisions[2], 0u);
    EXPECT_EQ(done.revisions[3], store_->get("text").document.revision);
    PARLEY_EXPECT_CLASS(store_->get("old"), PARLEY_E_NOT_FOUND);
    EXPECT_EQ(another()->list_all("").documents.size(), 2u);
}

TEST_P(Batch, DoesNoneWhenOneStandsInTheWay) {
    PARLEY_NEEDS(PARLEY_STORE_BATCH);
    const Written there = store_->put("there", "1");
    const Written done = store_->batch({{"new", "{}"},
                                        {"there", std::nullopt, there.revision},
                                        {"other", "{}", there.revision + 5},
                                        {"last", "{}"}});
    PARLEY_EXPECT_CLASS(done, PARLEY_E_CONFLICT);
    EXPECT_EQ(done.at, 2u);
    EXPECT_EQ(done.revision, PARLEY_REVISION_NONE);
    const Written existing = store_->batch({{"new", "{}"}, {"there", "2", PARLEY_REVISION_NONE}});
    PARLEY_EXPECT_CLASS(existing, PARLEY_E_CONFLICT);
    EXPECT_EQ(existing.at, 1u);
    EXPECT_EQ(existing.revision, there.revision);
    const Listed all = store_->list_all("");
    ASSERT_EQ(all.documents.size(), 1u);
    EXPECT_EQ(all.documents[0].revision, there.revision);
}

TEST_P(Batch, HasNoKeyTwiceAndNoBadOne) {
    PARLEY_NEEDS(PARLEY_STORE_BATCH);
    PARLEY_EXPECT_CLASS(store_->batch({{"a", "1"}, {"a", "2"}}), PARLEY_E_INVALID_ARGUMENT);
    PARLEY_EXPECT_CLASS(store_->batch({{"a", "1"}, {"b/", "2"}}), PARLEY_E_INVALID_ARGUMENT);
    EXPECT_TRUE(store_->list_all("").documents.empty());
    PARLEY_ASSERT_OK(store_->batch({}));
}

TEST_P(Batch, OfManyWritesIsOne) {
    PARLEY_NEEDS(PARLEY_STORE_BATCH);
    std::vector<Write> writes;
    for (int i = 0; i < 200; ++i) writes.push_back({"k/" + std::to_string(i), "{}"});
    PARLEY_ASSERT_OK(store_->batch(writes));
    EXPECT_EQ(store_->list_all("k/").documents.size(), 200u);
    for (Write& write : writes) write.value.reset();
    PARLEY_ASSERT_OK(store_->batch(writes));
    EXPECT_TRUE(store_->list_all("k/").documents.empty());
}

INSTANTIATE_TEST_SUITE_P(Store, Batch, testing::ValuesIn(stage_names()), name_of);

}  // namespace

}  // namespace parley::store_test
