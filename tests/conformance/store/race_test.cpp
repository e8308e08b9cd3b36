// race_test.cpp: several writers at once, in one process and in many. PARLEY_STORE_TIMES sets how
// often each of the eight adds to the number, PARLEY_STORE_KEYS how many documents are listed.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <set>
#include <thread>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

namespace {

constexpr int kWriters = 8;

int number_of(const char* name, int otherwise) {
    const char* given = std::getenv(name);
    return given == nullptr ? otherwise : std::atoi(given);
}

class Race : public StoreTest {
protected:
    std::vector<std::string> worker(std::vector<std::string> words) {
        words.insert(words.begin(), {PARLEY_STORE_WORKER, stage(GetParam()).plugin, settings_});
        return words;
    }

    int times_ = number_of("PARLEY_STORE_TIMES", 20);
};

TEST_P(Race, NoIncrementOfEightThreadsIsLost) {
    PARLEY_NEEDS(PARLEY_STORE_CAS);
    PARLEY_ASSERT_OK(store_->put("state/count", "0"));
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kWriters; ++i) {
        threads.emplace_back([&] {
            for (int done = 0; done < times_ && failures == 0;) {
                const Got got = store_->get("state/count");
                if (!got.ok() && got.status != -PARLEY_E_OVERLOADED) ++failures;
                if (!got.ok()) continue;
                const Written put = store_->put("state/count",
                                                std::to_string(std::stoi(got.document.value) + 1),
                                                got.document.revision);
                if (put.ok()) ++done;
                const bool may_be = put.ok() || put.status == -PARLEY_E_CONFLICT ||
                                    put.status == -PARLEY_E_OVERLOADED;
                if (!may_be) ++failures;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(store_->get("state/count").document.value, std::to_string(kWriters * times_));
}

TEST_P(Race, NoIncrementOfEightProcessesIsLost) {
    PARLEY_NEEDS(PARLEY_STORE_CAS);
    PARLEY_ASSERT_OK(store_->put("state/count", "0"));
    const std::string times = std::to_string(times_);
    std::vector<std::unique_ptr<Process>> all;
    for (int i = 0; i < kWriters; ++i) {
        all.push_back(std::make_unique<Process>(worker({"increment", "state/count", times})));
    }
    for (const auto& process : all) EXPECT_EQ(process->wait(), 0);
    EXPECT_EQ(store_->get("state/count").document.value, std::to_string(kWriters * times_));
}

// What put has returned is there, whenever the writer is killed.
TEST_P(Race, WhatWasPutSurvivesTheDeathOfItsWriter) {
    PARLEY_NEEDS(PARLEY_STORE_DURABLE);
    for (const int after : {0, 1, 5, 17}) {
        const std::string prefix = "run/" + std::to_string(after);
        Process writer(worker({"write", prefix}));
        for (int i = 0; i <= after; ++i) ASSERT_NE(writer.line(), "");
        writer.signal(SIGKILL);
        std::size_t said = static_cast<std::size_t>(after) + 1;
        said += writer.lines().size();
        EXPECT_EQ(writer.wait(), -SIGKILL);
        for (std::size_t i = 0; i < said; ++i) {
            const Got got = store_->get(prefix + '/' + std::to_string(i));
            PARLEY_ASSERT_OK(got);
            EXPECT_EQ(got.document.value, "{\"n\":" + std::to_string(i) + "}");
        }
        EXPECT_LE(store_->list_all(prefix).documents.size(), said + 1);
    }
}

TEST_P(Race, ABatchIsNeverHalf) {
    PARLEY_NEEDS(PARLEY_STORE_BATCH);
    for (const int after : {0, 1, 3, 8, 15}) {
        const std::string prefix = "run/" + std::to_string(after);
        Process writer(worker({"pairs", prefix}));
        for (int i = 0; i <= after; ++i) ASSERT_NE(writer.line(), "");
        writer.signal(SIGKILL);
        writer.wait();
        // A server may still do what the writer had asked for: once it has, both are read again.
        Got a, b, again = store_->get(prefix + "/a");
        do {
            a = again;
            b = store_->get(prefix + "/b");
            again = store_->get(prefix + "/a");
        } while (again.document.revision != a.document.revision);
        PARLEY_ASSERT_OK(a);
        PARLEY_ASSERT_OK(b);
        EXPECT_EQ(a.document.value, b.document.value);
    }
}

// What is there all the time comes exactly once, whatever is written meanwhile.
TEST_P(Race, AListIsWholeWhileOthersWrite) {
    const int count = number_of("PARLEY_STORE_KEYS", 60);
    std::vector<std::string> stable;
    for (int i = 0; i < count; ++i) {
        const std::string number = std::to_string(i + 100'000'000);
        stable.push_back("k/" + number);
        PARLEY_ASSERT_OK(store_->put(stable.back(), "{}"));
    }
    std::atomic<bool> ended{false};
    std::atomic<int> failures{0};
    const auto other = another();
    std::thread writer([&] {
        for (int i = 0; !ended; ++i) {
            const std::string& key = stable[static_cast<std::size_t>(i * 7 % count)];
            const bool ok = other->put(key, "[" + std::to_string(i) + "]").ok() &&
                            other->put(key + "-new", "{}").ok() && other->remove(key + "-new").ok();
            if (!ok) ++failures;
        }
    });
    for (int round = 0; round < 5; ++round) {
        const Listed all = store_->list_all("k/", 7, false);
        std::vector<std::string> seen;
        for (const Document& document : all.documents) {
            if (!document.key.ends_with("-new")) seen.push_back(document.key);
        }
        EXPECT_TRUE(all.ok()) << all.message;
        EXPECT_EQ(seen, stable);
    }
    ended = true;
    writer.join();
    EXPECT_EQ(failures, 0);
}

INSTANTIATE_TEST_SUITE_P(Store, Race, testing::ValuesIn(stage_names()), name_of);

}  // namespace

}  // namespace parley::store_test
