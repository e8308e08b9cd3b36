// git_test.cpp: a branch that others work on as well, by other means.
#include <filesystem>
#include <fstream>

#include "git_stage.hpp"

namespace parley::store_test {

namespace {

namespace fs = std::filesystem;

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

TEST_P(GitStore, DoesNotGuessAtWhatALaterVersionWrote) {
    PARLEY_ASSERT_OK(store_->put("text", "0123456789"));
    clone();
    std::ifstream file(work_ + "/text.doc");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    ASSERT_TRUE(text.starts_with("parley-document/1 "));
    write("text.doc", text.replace(16, 1, "2"));
    push("later");
    PARLEY_ASSERT_OK(store_->poll("", ""));
    PARLEY_EXPECT_CLASS(store_->get("text"), PARLEY_E_CORRUPT_STATE);
    PARLEY_EXPECT_CLASS(store_->list("text"), PARLEY_E_CORRUPT_STATE);
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

// A name that somebody mistook is no store without documents.
TEST_P(GitStore, WithoutTheBranchThatIsNamedSaysWhichThereAre) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    const std::string misnamed = "\"remote\":\"" + remote_ + "\",\"branch\":\"production\"";
    const Told reader = client(misnamed + ",\"mode\":\"read-only\"")->open();
    PARLEY_EXPECT_CLASS(reader, PARLEY_E_INTERNAL);
    EXPECT_NE(reader.message.find("no branch \"production\", but \"main\""), std::string::npos)
        << reader.message;
    auto writer = client(misnamed);
    PARLEY_ASSERT_OK(writer->open());
    EXPECT_NE(Client::log_lines().back().find("no branch \"production\", but \"main\""),
              std::string::npos);
    PARLEY_ASSERT_OK(writer->put("b", "{}"));
    PARLEY_ASSERT_OK(client(misnamed + ",\"mode\":\"read-only\"")->open());
}

TEST_P(GitStore, WithoutARepositorySaysSo) {
    const Told none = client("\"remote\":\"" + remote_ + "-none\"")->open();
    PARLEY_EXPECT_CLASS(none, PARLEY_E_INTERNAL);
    EXPECT_NE(none.message.find("there is no repository"), std::string::npos) << none.message;
    PARLEY_ASSERT_OK(client("\"remote\":\"" + remote_ + "/\"")->open());
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

INSTANTIATE_TEST_SUITE_P(Store, GitStore, testing::Values("git"), name_of);

}  // namespace

}  // namespace parley::store_test
