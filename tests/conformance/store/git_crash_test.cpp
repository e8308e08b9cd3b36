// git_crash_test.cpp: store-git killed, or without room, at each call by which it changes a file of
// its clone or of a remote that is a folder: what the remote has is the old document or the new
// one, what was acknowledged is there, and who comes next goes on with what lies there.
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "crash.hpp"
#include "git_stage.hpp"

namespace parley::store_test {

namespace {

namespace fs = std::filesystem;

constexpr const char* kOld = R"({"n":"old"})";
constexpr const char* kNew = R"({"n":"new"})";

class GitCrash : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (program("git").empty()) GTEST_SKIP() << "no git here to make repositories with";
        fs::create_directory(place());
        git(scratch_.path(), {"init", "-q", "--bare", "-b", "main", place() + "/remote.git"});
        Client client(plugin_, settings("clone"));
        PARLEY_ASSERT_OK(client.open());
        PARLEY_ASSERT_OK(client.batch({{"a", kOld}, {"b", kOld}}));
        fs::rename(place(), scratch_.path() + "/before");
    }

    std::string place() const { return scratch_.path() + "/place"; }

    std::string settings(const std::string& clone) const {
        return "{\"remote\":\"" + place() + "/remote.git\",\"path\":\"" + place() + '/' + clone +
               "\",\"poll_interval_ms\":10}";
    }

    // Runs one command of the worker on both as they were, with the n-th call at fault.
    int run(int at, int error) {
        fs::remove_all(place());
        output_of({"cp", "-a", scratch_.path() + "/before", place()});
        Process worker({PARLEY_STORE_WORKER, plugin_, settings("clone"), GetParam(), "a", "b"},
                       at_fault(place(), at, error, count_file()));
        worker.close_input();
        acknowledged_ = worker.line() == "done";
        return worker.wait();
    }

    std::string count_file() const { return scratch_.path() + "/count"; }

    void look(const std::string& when) {
        SCOPED_TRACE(when);
        // Of the branch's lock at the remote somebody has to say that its owner is dead.
        fs::remove(place() + "/remote.git/refs/heads/main.lock");
        Client other(plugin_, settings("other"));
        PARLEY_ASSERT_OK(other.open());
        const std::string a = other.get("a").document.value;
        const std::string b = other.get("b").document.value;
        const bool is_new = a == kNew && b == (GetParam() == "both" ? kNew : kOld);
        const bool is_old = a == kOld && b == kOld;
        EXPECT_TRUE(is_new || is_old) << "a: " << a << ", b: " << b;
        EXPECT_TRUE(is_new || !acknowledged_);
        Client again(plugin_, settings("clone"));
        PARLEY_ASSERT_OK(again.open());
        EXPECT_EQ(again.get("a").document.value, a);
        PARLEY_ASSERT_OK(again.put("a", R"({"n":"newer"})"));
        PARLEY_ASSERT_OK(other.poll("", ""));
        EXPECT_EQ(other.get("a").document.value, R"({"n":"newer"})");
    }

    void at_each_call(int error) {
        ASSERT_EQ(run(0, 0), 0);
        EXPECT_TRUE(acknowledged_);
        const int count = calls_in(count_file());
        ASSERT_GT(count, 5);
        for (int at = 1; at <= count; ++at) {
            const int ended = run(at, error);
            EXPECT_TRUE(error != 0 || ended == -SIGKILL) << ended;
            look("call " + std::to_string(at) + " of " + std::to_string(count));
        }
    }

    Scratch scratch_;
    const std::string plugin_ = PARLEY_BUNDLED_PLUGINS "/store-git.so";
    bool acknowledged_ = false;
};

TEST_P(GitCrash, LeavesOldOrNew) {
    at_each_call(0);
}

TEST_P(GitCrash, AFullDiskIsBorne) {
    at_each_call(ENOSPC);
}

INSTANTIATE_TEST_SUITE_P(StoreGit, GitCrash, testing::Values("save", "both"), name_of);

}  // namespace

}  // namespace parley::store_test
