// crash_test.cpp: store-file killed, or refused, at each call by which it changes a file: what is
// found afterwards is the old document or the new one, and what was acknowledged is there.
#include "crash.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "process.hpp"
#include "stage.hpp"
#include "store/journal.hpp"

namespace parley::store_test {

namespace {

namespace fs = std::filesystem;

class Crash : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        settings_ = "{\"folder\":\"" + scratch_.path() + "/store\"}";
        Client client(plugin_, settings_);
        PARLEY_ASSERT_OK(client.open());
        PARLEY_ASSERT_OK(client.put("a", R"({"n":"old"})"));
        PARLEY_ASSERT_OK(client.write({"b", "old text", PARLEY_REVISION_ANY, "text/plain"}));
        fs::rename(scratch_.path() + "/store", scratch_.path() + "/before");
    }

    // Runs one command of the worker on the store as it was, with the n-th call at fault.
    int run(int at, int error) {
        const std::string store = scratch_.path() + "/store";
        fs::remove_all(store);
        // With their times, which revisions are made of.
        output_of({"cp", "-a", scratch_.path() + "/before", store});
        Process worker({PARLEY_STORE_WORKER, plugin_, settings_, GetParam(), "a", "b"},
                       at_fault(store, at, error, count_file()));
        worker.close_input();
        acknowledged_ = worker.line() == "done";
        return worker.wait();
    }

    std::string count_file() const { return scratch_.path() + "/count"; }

    // Old or new, never half; and new when it was said to be done.
    void look(const std::string& when) {
        SCOPED_TRACE(when);
        Client client(plugin_, settings_);
        PARLEY_ASSERT_OK(client.open());
        const std::string a = value(client, "a");
        const std::string b = value(client, "b");
        const bool is_removal = GetParam() == "drop";
        const std::string new_a = is_removal ? "" : R"({"n":"new"})";
        const std::string new_b = GetParam() == "both" ? R"({"n":"new"})" : "old text";
        const bool is_new = a == new_a && b == new_b;
        const bool is_old = a == R"({"n":"old"})" && b == "old text";
        EXPECT_TRUE(is_new || is_old) << "a: " << a << ", b: " << b;
        EXPECT_TRUE(is_new || !acknowledged_);
        std::size_t left = 0;
        for (const auto& file : fs::directory_iterator(scratch_.path() + "/store/.parley/tmp")) {
            left += file.exists() ? 1 : 0;
        }
        EXPECT_EQ(left, 0u);
        // And it goes on.
        PARLEY_EXPECT_CLASS(client.put("a", "{}", 1), PARLEY_E_CONFLICT);
        const std::string at = client.poll("", "").position;
        PARLEY_ASSERT_OK(client.put("a", "{}"));
        EXPECT_EQ(client.poll("", at).keys, std::vector<std::string>{"a"});
    }

    static std::string value(Client& client, const std::string& key) {
        const Got got = client.get(key);
        EXPECT_TRUE(got.ok() || got.status == -PARLEY_E_NOT_FOUND) << got.message;
        return got.document.value;
    }

    Scratch scratch_;
    std::string settings_;
    const std::string plugin_ = PARLEY_BUNDLED_PLUGINS "/store-file.so";
    bool acknowledged_ = false;
};

TEST_P(Crash, LeavesOldOrNew) {
    ASSERT_EQ(run(0, 0), 0);
    EXPECT_TRUE(acknowledged_);
    const int count = calls_in(count_file());
    ASSERT_GT(count, 5);
    for (int at = 1; at <= count; ++at) {
        EXPECT_EQ(run(at, 0), -SIGKILL);
        look("killed at call " + std::to_string(at) + " of " + std::to_string(count));
    }
}

TEST_P(Crash, AFullDiskIsBorne) {
    ASSERT_EQ(run(0, 0), 0);
    const int count = calls_in(count_file());
    for (int at = 1; at <= count; ++at) {
        run(at, ENOSPC);
        look("no room at call " + std::to_string(at) + " of " + std::to_string(count));
    }
}

// The host's own journal, by the same rule: what was said to be kept is there, in its order, and
// nothing that nobody wrote.
class JournalCrash : public testing::Test {
protected:
    using Texts = std::vector<std::string>;

    // Runs the worker with the n-th call at fault; what it said to be kept.
    Texts run(int at, int error) {
        std::filesystem::remove_all(folder());
        std::filesystem::create_directory(folder());
        Process worker({PARLEY_STORE_WORKER, "journal", file()},
                       at_fault(folder(), at, error, count_file()));
        worker.close_input();
        Texts said = worker.lines();
        worker.wait();
        return said;
    }

    std::string count_file() const { return scratch_.path() + "/count"; }

    std::string folder() const { return scratch_.path() + "/journals"; }

    std::string file() const { return folder() + "/journal"; }

    // What is there after all that was said, and perhaps after what was not said any more.
    static bool follows(const Texts& found, const Texts& said) {
        Texts sure;
        std::vector<Texts> possible{sure};
        for (const std::string text : {"one", "two", "three", "four"}) {
            const bool is_sure = std::find(said.begin(), said.end(), text) != said.end();
            std::vector<Texts> next;
            for (const Texts& before : possible) {
                Texts after = text == "three" ? Texts{} : before;
                after.push_back(text);
                next.push_back(after);
                if (!is_sure) next.push_back(before);
            }
            possible = next;
        }
        return std::find(possible.begin(), possible.end(), found) != possible.end();
    }

    void at_each_call(int error) {
        ASSERT_EQ(run(0, 0), (Texts{"one", "two", "three", "four"}));
        const int count = calls_in(count_file());
        ASSERT_GT(count, 8);
        for (int at = 1; at <= count; ++at) {
            SCOPED_TRACE("call " + std::to_string(at) + " of " + std::to_string(count));
            const Texts said = run(at, error);
            auto opened = store::Journal::open(file());
            ASSERT_TRUE(opened) << opened.error().message;
            EXPECT_EQ(opened->problem, "");
            EXPECT_TRUE(follows(opened->records, said))
                << testing::PrintToString(opened->records) << testing::PrintToString(said);
            // And it goes on.
            ASSERT_TRUE(opened->journal.append(Texts{"more"}));
            EXPECT_EQ(store::Journal::look(file())->records.back(), "more");
        }
    }

    Scratch scratch_;
};

TEST_F(JournalCrash, LosesNothingThatWasKept) {
    at_each_call(0);
}

TEST_F(JournalCrash, AFullDiskIsBorne) {
    at_each_call(ENOSPC);
}

INSTANTIATE_TEST_SUITE_P(StoreFile, Crash, testing::Values("save", "both", "drop"), name_of);

}  // namespace

}  // namespace parley::store_test
