// git_test.cpp: a branch that others work on as well, by other means.
#include <filesystem>
#include <fstream>

#include "git_stage.hpp"

namespace parley::store_test {

namespace {

namespace fs = std::filesystem;
using Keys = std::vector<std::string>;

class GitStore : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        if (IsSkipped()) return;
        const std::size_t at = settings_.find(":\"") + 2;
        remote_ = settings_.substr(at, settings_.find('"', at) - at);
        work_ = scratch_.path() + "/work";
    }

    std::string position() { return store_->poll("", "").position; }

    // Somebody's clone with a work tree.
    void clone() const { git(scratch_.path(), {"clone", "-q", remote_, work_}); }

    void write(const std::string& file, const std::string& text) const {
        fs::create_directories(fs::path(work_ + '/' + file).parent_path());
        std::ofstream(work_ + '/' + file) << text;
    }

    void push(const std::string& message, const Keys& more = {}) const {
        git(work_, {"add", "-A"});
        git(work_, {"commit", "-q", "-m", message});
        Keys words{"push", "-q", "origin", "HEAD:main"};
        words.insert(words.end(), more.begin(), more.end());
        git(work_, words);
    }

    std::unique_ptr<Client> client(const std::string& more) const {
        const std::string path = scratch_.path() + "/clone-" + std::to_string(++clones_);
        return std::make_unique<Client>(
            stage("git").plugin,
            "{\"poll_interval_ms\":100,\"path\":\"" + path + "\"," + more + "}");
    }

    Scratch scratch_;
    std::string remote_;
    std::string work_;
    mutable int clones_ = 0;
};

TEST_P(GitStore, MakesOneCommitOfABatch) {
    PARLEY_ASSERT_OK(store_->put("account/acme/me", R"({"n":1})"));
    PARLEY_ASSERT_OK(store_->batch({{"a", "{}"}, {"account/acme/me", std::nullopt}}));
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    EXPECT_EQ(git(remote_, {"log", "--format=%an|%s", "main"}),
              "Parley|change 2 documents\nParley|put account/acme/me\n");
    EXPECT_EQ(git(remote_, {"log", "-1", "--format=%b", "main"}),
              "put a\nremove account/acme/me\n");
    EXPECT_EQ(git(remote_, {"ls-tree", "-r", "--name-only", "main"}), "a.json\n");
    EXPECT_EQ(git(remote_, {"for-each-ref", "--format=%(refname)"}), "refs/heads/main\n");
}

TEST_P(GitStore, SeesWhatOthersPush) {
    PARLEY_ASSERT_OK(store_->put("a", R"({"n":1})"));
    const std::string at = position();
    clone();
    write("a.json", R"({"n":2})");
    write("account/acme/me.json", "{}");
    write("README.md", "not a document\n");
    push("by hand");
    EXPECT_EQ(store_->poll("", at).keys, (Keys{"a", "account/acme/me"}));
    EXPECT_EQ(store_->get("a").document.value, R"({"n":2})");
    EXPECT_EQ(store_->list_all("").documents.size(), 2u);
    PARLEY_ASSERT_OK(store_->put("b", "{}"));
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put b\nby hand\nput a\n");
    EXPECT_EQ(git(remote_, {"show", "main:README.md"}), "not a document\n");
}

TEST_P(GitStore, BuildsOnAHistoryThatWasWrittenAnew) {
    PARLEY_ASSERT_OK(store_->put("a", R"({"n":1})"));
    PARLEY_ASSERT_OK(store_->put("b", R"({"n":1})"));
    const std::uint64_t revision = store_->get("b").document.revision;
    const std::string at = position();
    clone();
    git(work_, {"checkout", "-q", "--orphan", "anew"});
    fs::remove(work_ + "/b.json");
    push("anew", {"--force"});
    EXPECT_EQ(store_->poll("", at).keys, Keys{"b"});
    EXPECT_NE(Client::log_lines().back().find("written anew"), std::string::npos);
    PARLEY_EXPECT_CLASS(store_->put("b", "{}", revision), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(store_->put("b", "{}", PARLEY_REVISION_NONE));
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put b\nanew\n");
}

TEST_P(GitStore, WithoutItsBranchOrRemoteHasNoAnswer) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    const std::string at = position();
    const std::string commit = git(remote_, {"rev-parse", "main"});
    git(remote_, {"update-ref", "-d", "refs/heads/main"});
    PARLEY_EXPECT_CLASS(store_->poll("", at), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->put("a", "{}"), PARLEY_E_INTERNAL);
    git(remote_, {"update-ref", "refs/heads/main", commit.substr(0, commit.size() - 1)});
    PARLEY_ASSERT_OK(store_->poll("", at));
    fs::rename(remote_, remote_ + ".moved");
    PARLEY_EXPECT_CLASS(store_->poll("", at), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->put("a", "[]"), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->health(), PARLEY_E_INTERNAL);
    fs::rename(remote_ + ".moved", remote_);
    PARLEY_ASSERT_OK(store_->get("a"));
    PARLEY_ASSERT_OK(store_->health());
}

TEST_P(GitStore, TakesNoHalfFileForAWholeOne) {
    PARLEY_ASSERT_OK(store_->put("a", R"({"token":"0123456789"})"));
    clone();
    write("a.json", R"({"token":"01234)");
    push("half");
    PARLEY_ASSERT_OK(store_->poll("", ""));
    PARLEY_EXPECT_CLASS(store_->get("a"), PARLEY_E_CORRUPT_STATE);
    PARLEY_EXPECT_CLASS(store_->list(""), PARLEY_E_CORRUPT_STATE);
}

TEST_P(GitStore, ThatIsReadOnlyIsNotWritten) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    auto reader = client("\"remote\":\"" + remote_ + "\",\"mode\":\"read-only\"");
    PARLEY_ASSERT_OK(reader->open());
    PARLEY_ASSERT_OK(reader->get("a"));
    const std::string before = git(remote_, {"rev-parse", "main"});
    const Written put = reader->put("a", "[]");
    PARLEY_EXPECT_CLASS(put, PARLEY_E_FORBIDDEN);
    EXPECT_NE(put.message.find("read-only"), std::string::npos);
    PARLEY_EXPECT_CLASS(reader->remove("a"), PARLEY_E_FORBIDDEN);
    EXPECT_EQ(git(remote_, {"rev-parse", "main"}), before);
    const std::string at = reader->poll("", "").position;
    PARLEY_ASSERT_OK(store_->put("b", "{}"));
    EXPECT_EQ(reader->poll("", at).keys, Keys{"b"});
}

TEST_P(GitStore, KeepsToItsBranchAndFolder) {
    const auto folder = client("\"remote\":\"" + remote_ +
                               "\",\"branch\":\"live\",\"subdirectory\":\"deep/store\"");
    PARLEY_ASSERT_OK(folder->open());
    PARLEY_ASSERT_OK(folder->put("a/b", "{}"));
    PARLEY_ASSERT_OK(store_->put("other", "{}"));
    EXPECT_EQ(git(remote_, {"ls-tree", "-r", "--name-only", "live"}), "deep/store/a/b.json\n");
    EXPECT_EQ(folder->list_all("").documents.size(), 1u);
    const std::string at = folder->poll("", "").position;
    PARLEY_ASSERT_OK(folder->remove("a/b"));
    EXPECT_EQ(folder->poll("", at).keys, Keys{"a/b"});
    EXPECT_TRUE(folder->list_all("").documents.empty());
}

class GitHttp : public GitStore {
protected:
    void SetUp() override {
        GitStore::SetUp();
        if (IsSkipped()) return;
        if (program("python3").empty()) GTEST_SKIP() << "no python3 here to serve git over HTTP";
        server_ =
            std::make_unique<Process>(Keys{"python3",
                                           PARLEY_SOURCE_DIR "/tests/conformance/store/git_http.py",
                                           fs::path(remote_).parent_path().string(),
                                           "parley:the-token"});
        url_ = "http://127.0.0.1:" + server_->line() + '/' + fs::path(remote_).filename().string();
    }

    std::string as(const std::string& token) const {
        return "\"remote\":\"" + url_ + "\",\"token_user\":\"parley\",\"token\":\"" + token + '"';
    }

    std::unique_ptr<Process> server_;
    std::string url_;
};

TEST_P(GitHttp, IsWrittenByThoseWhoMay) {
    auto one = client(as("the-token"));
    auto two = client(as("the-token"));
    PARLEY_ASSERT_OK(one->open());
    PARLEY_ASSERT_OK(two->open());
    const Written first = one->put("a", "1", PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(first);
    PARLEY_EXPECT_CLASS(two->put("a", "2", PARLEY_REVISION_NONE), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(two->put("a", "2", first.revision));
    PARLEY_ASSERT_OK(one->put("b", "{}"));
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put b\nput a\nput a\n");
    const Told wrong = client(as("another"))->open();
    PARLEY_EXPECT_CLASS(wrong, PARLEY_E_FORBIDDEN);
    EXPECT_EQ(wrong.message.find("another"), std::string::npos) << wrong.message;
}

TEST_P(GitHttp, ThatRefusesAPushSaysWhy) {
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "{}"));
    const std::string hook = remote_ + "/hooks/pre-receive";
    std::ofstream(hook) << "#!/bin/sh\nexit 1\n";
    fs::permissions(hook, fs::perms::owner_all);
    PARLEY_EXPECT_CLASS(store->put("a", "[]"), PARLEY_E_FORBIDDEN);
    EXPECT_EQ(store->get("a").document.value, "{}");
    fs::remove(hook);
    PARLEY_ASSERT_OK(store->put("a", "[]"));
}

INSTANTIATE_TEST_SUITE_P(Store, GitStore, testing::Values("git"), name_of);
INSTANTIATE_TEST_SUITE_P(Store, GitHttp, testing::Values("git"), name_of);

}  // namespace

}  // namespace parley::store_test
