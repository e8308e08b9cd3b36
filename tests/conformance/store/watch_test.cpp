// watch_test.cpp: every change is seen, by whom it ever was made.
#include <algorithm>
#include <set>
#include <thread>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

namespace {

constexpr std::uint64_t kLimitMs = 10'000;

class Watch : public StoreTest {
protected:
    std::string position() {
        const Changed begun = store_->poll("", "");
        EXPECT_TRUE(begun.ok()) << begun.message;
        EXPECT_TRUE(begun.keys.empty());
        EXPECT_FALSE(begun.reset);
        return begun.position;
    }
};

using Keys = std::vector<std::string>;

TEST_P(Watch, APollSeesWhatHasReturned) {
    PARLEY_NEEDS(PARLEY_STORE_WATCH_POLL);
    PARLEY_ASSERT_OK(store_->put("before", "{}"));
    std::string at = position();
    EXPECT_TRUE(store_->poll("", at).keys.empty());
    const auto other = another();
    PARLEY_ASSERT_OK(other->put("a/x", "{}"));
    PARLEY_ASSERT_OK(store_->put("b/y", "{}"));
    PARLEY_ASSERT_OK(other->put("b/y", "[]"));
    PARLEY_ASSERT_OK(other->remove("before"));
    const Changed all = store_->poll("", at);
    EXPECT_EQ(all.keys, (Keys{"a/x", "b/y", "before"}));
    EXPECT_EQ(store_->poll("a/", at).keys, Keys{"a/x"});
    EXPECT_EQ(store_->poll("c/", at).keys, Keys{});
    EXPECT_TRUE(store_->poll("", all.position).keys.empty());
    EXPECT_EQ(other->poll("", at).keys, all.keys);
}

TEST_P(Watch, PositionsOutliveTheInstance) {
    PARLEY_NEEDS(PARLEY_STORE_WATCH_POLL);
    const std::string at = position();
    store_.reset();
    PARLEY_ASSERT_OK(another()->put("a", "{}"));
    store_ = another();
    const Changed seen = store_->poll("", at);
    PARLEY_ASSERT_OK(seen);
    EXPECT_TRUE(seen.reset || seen.keys == Keys{"a"});
    EXPECT_FALSE(seen.reset) << "allowed, but a position of a moment ago should do";
}

TEST_P(Watch, PositionsOfNobodyAreTooOld) {
    PARLEY_NEEDS(PARLEY_STORE_WATCH_POLL);
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    for (const char* odd : {"0", "x", "1:2:3", "18446744073709551616", "1:99999999999999999999"}) {
        const Changed seen = store_->poll("", odd);
        PARLEY_ASSERT_OK(seen);
        EXPECT_TRUE(seen.reset) << odd;
        EXPECT_NE(seen.position, "");
    }
}

TEST_P(Watch, EveryChangeIsSeenInOrder) {
    PARLEY_NEEDS(PARLEY_STORE_WATCH_POLL);
    std::string at = position();
    constexpr int kWrites = 40;
    std::thread writer([other = another()] {
        for (int i = 1; i <= kWrites; ++i) {
            other->put("k/" + std::to_string(i % 5), std::to_string(i));
        }
        other->put("end", "{}");
    });
    Watching watching(*store_);
    std::set<std::string> seen;
    std::vector<int> last(5, 0);
    while (!seen.contains("end")) {
        Changed news;
        ASSERT_TRUE(watching.wait_for_change(at, kLimitMs, news)) << news.message;
        ASSERT_FALSE(news.reset);
        for (const std::string& key : news.keys) {
            seen.insert(key);
            if (key == "end") continue;
            const int value = std::stoi(store_->get(key).document.value);
            int& known = last[static_cast<std::size_t>(key.back() - '0')];
            EXPECT_GE(value, known);
            known = value;
        }
    }
    writer.join();
    // What was put last is what was read last, or is told now.
    const Changed rest = store_->poll("", at);
    for (int i = 0; i < 5; ++i) {
        const std::string key = "k/" + std::to_string(i);
        const std::string now = store_->get(key).document.value;
        const bool told = std::find(rest.keys.begin(), rest.keys.end(), key) != rest.keys.end();
        EXPECT_TRUE(told || std::to_string(last[static_cast<std::size_t>(i)]) == now) << key;
    }
}

TEST_P(Watch, AnotherProcessIsSeenWithinASecond) {
    PARLEY_NEEDS(PARLEY_STORE_WATCH_PUSH);
    std::string at = position();
    Watching watching(*store_);
    Process writer({PARLEY_STORE_WORKER, stage(GetParam()).plugin, settings_, "put", "far", "1"});
    ASSERT_EQ(writer.wait(), 0);
    Changed news;
    ASSERT_TRUE(watching.wait_for_change(at, 1000, news)) << news.message;
    EXPECT_EQ(news.keys, Keys{"far"});
}

INSTANTIATE_TEST_SUITE_P(Store, Watch, testing::ValuesIn(stage_names()), name_of);

}  // namespace

}  // namespace parley::store_test
