// file_test.cpp: what else may happen to a folder: people edit it, files are cut, rights go away.
#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

namespace {

namespace fs = std::filesystem;

class FileStore : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        if (IsSkipped()) return;
        root_ = settings_.substr(11, settings_.size() - 13);
    }

    void write(const std::string& name, std::string_view text) const {
        fs::create_directories(fs::path(root_ + '/' + name).parent_path());
        std::ofstream(root_ + '/' + name, std::ios::binary) << text;
    }

    std::string position() { return store_->poll("", "").position; }

    std::string root_;
};

using Keys = std::vector<std::string>;

TEST_P(FileStore, KeepsJsonAsItIs) {
    PARLEY_ASSERT_OK(store_->put("account/acme/me@example.com", "{\n  \"n\": 1\n}\n"));
    std::ifstream file(root_ + "/account/acme/me@example.com.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, "{\n  \"n\": 1\n}\n");
}

TEST_P(FileStore, IsNobodyElsesToRead) {
    const mode_t before = ::umask(0);
    PARLEY_ASSERT_OK(store_->put("account/a", "{}"));
    PARLEY_ASSERT_OK(store_->put("account/b", "text"));
    PARLEY_ASSERT_OK(store_->lease("refresh/a", "me", 1000));
    ::umask(before);
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
        struct stat found {};

        ASSERT_EQ(::lstat(entry.path().c_str(), &found), 0);
        EXPECT_EQ(found.st_mode & 07777, S_ISDIR(found.st_mode) ? 0700u : 0600u) << entry.path();
        ++files;
    }
    EXPECT_GE(files, 8);
}

TEST_P(FileStore, SeesWhatPeopleWrite) {
    std::string at = position();
    Watching watching(*store_);
    const auto see = [&](const Keys& expected) {
        Changed news;
        ASSERT_TRUE(watching.wait_for_change(at, 2000, news)) << news.message;
        EXPECT_EQ(news.keys, expected);
    };
    write("account/by/hand.json", R"({"n":1})");
    see({"account/by/hand"});
    const Got first = store_->get("account/by/hand");
    PARLEY_ASSERT_OK(first);
    EXPECT_EQ(first.document.value, R"({"n":1})");
    write("account/by/hand.json", R"({"n":22})");
    see({"account/by/hand"});
    PARLEY_EXPECT_CLASS(store_->put("account/by/hand", "{}", first.document.revision),
                        PARLEY_E_CONFLICT);
    fs::rename(root_ + "/account/by/hand.json", root_ + "/account/by/other.json");
    see({"account/by/hand", "account/by/other"});
    fs::remove_all(root_ + "/account");
    see({"account/by/other"});
    EXPECT_TRUE(store_->list_all("").documents.empty());
}

TEST_P(FileStore, SeesWhatPeopleWroteWhileItWasClosed) {
    PARLEY_ASSERT_OK(store_->put("gone", "{}"));
    PARLEY_ASSERT_OK(store_->put("stays", "{}"));
    const std::string at = position();
    store_.reset();
    write("new.json", "{}");
    fs::remove(root_ + "/gone.json");
    store_ = another();
    const Changed seen = store_->poll("", at);
    EXPECT_FALSE(seen.reset);
    EXPECT_EQ(seen.keys, (Keys{"gone", "new"}));
}

TEST_P(FileStore, TakesNoHalfFileForAWholeOne) {
    PARLEY_ASSERT_OK(store_->put("json", R"({"token":"0123456789"})"));
    PARLEY_ASSERT_OK(store_->put("text", "0123456789"));
    for (const char* name : {"json.json", "text.doc"}) {
        const std::string key = std::string(name).substr(0, 4);
        const auto size = fs::file_size(root_ + '/' + name);
        for (std::uintmax_t left = size; left-- > 0;) {
            fs::resize_file(root_ + '/' + name, left);
            PARLEY_EXPECT_CLASS(store_->get(key), PARLEY_E_CORRUPT_STATE);
        }
        PARLEY_EXPECT_CLASS(store_->list(key), PARLEY_E_CORRUPT_STATE);
        EXPECT_EQ(store_->list(key, "", 10, false).documents.size(), 1u);
        PARLEY_ASSERT_OK(store_->put(key, "{}"));
        PARLEY_ASSERT_OK(store_->get(key));
    }
}

TEST_P(FileStore, DoesNotGuessAtWhatALaterVersionWrote) {
    PARLEY_ASSERT_OK(store_->put("text", "0123456789"));
    std::ifstream file(root_ + "/text.doc");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    ASSERT_TRUE(text.starts_with("parley-document/1 "));
    write("text.doc", text.replace(16, 1, "2"));
    PARLEY_EXPECT_CLASS(store_->get("text"), PARLEY_E_CORRUPT_STATE);
    PARLEY_EXPECT_CLASS(store_->list("text"), PARLEY_E_CORRUPT_STATE);
}

TEST_P(FileStore, LeavesAloneWhatIsNoDocument) {
    for (const char* name :
         {".hidden.json", "a/.b.swp", "a/b.json~", "README", "a%2Fb.json", "x%zz.json", "4913"}) {
        write(name, "{}");
    }
    EXPECT_TRUE(store_->list_all("").documents.empty());
    EXPECT_TRUE(another()->list_all("").documents.empty());
    EXPECT_TRUE(fs::exists(root_ + "/README"));
}

TEST_P(FileStore, ThatIsGoneHasNoAnswer) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    const std::string at = position();
    fs::rename(root_, root_ + "-moved");
    PARLEY_EXPECT_CLASS(store_->get("a"), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->list(""), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->put("a", "{}"), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->poll("", at), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store_->health(), PARLEY_E_INTERNAL);
    fs::rename(root_ + "-moved", root_);
    PARLEY_ASSERT_OK(store_->get("a"));
    PARLEY_ASSERT_OK(store_->health());
}

// From a backup, while it is open: another folder by the same name.
TEST_P(FileStore, ThatWasPutBackIsFollowed) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    fs::copy(root_, root_ + "-copy", fs::copy_options::recursive);
    PARLEY_ASSERT_OK(store_->put("later", "{}"));
    std::string at = position();
    fs::rename(root_, root_ + "-old");
    fs::rename(root_ + "-copy", root_);
    const auto sees = [&](const std::string& key) {
        const Changed news = store_->poll("", at);
        EXPECT_TRUE(news.ok()) << news.message;
        at = news.position;
        return news.reset || std::find(news.keys.begin(), news.keys.end(), key) != news.keys.end();
    };
    EXPECT_TRUE(sees("later")) << "it is not there any more";
    EXPECT_EQ(store_->list_all("").documents.size(), 1u);
    write("by/hand.json", "{}");
    EXPECT_TRUE(sees("by/hand"));
    PARLEY_ASSERT_OK(another()->put("by/another", "{}"));
    EXPECT_TRUE(sees("by/another"));
    PARLEY_ASSERT_OK(store_->put("by/us", "{}"));
    EXPECT_TRUE(sees("by/us"));
    write("by/hand.json", "[]");
    EXPECT_TRUE(sees("by/hand"));
}

TEST_P(FileStore, IsNotMadeWhereItShouldBe) {
    Client client(stage(GetParam()).plugin, "{\"folder\":\"" + root_ + "/none\",\"create\":false}");
    PARLEY_EXPECT_CLASS(client.open(), PARLEY_E_INTERNAL);
    EXPECT_FALSE(fs::exists(root_ + "/none"));
}

// As a process does that was stopped in the middle of a write.
TEST_P(FileStore, ThatAnotherKeepsForItselfIsRead) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    const std::string at = position();
    Client client(stage(GetParam()).plugin,
                  settings_.substr(0, settings_.size() - 1) + ",\"lock_wait_ms\":100}");
    PARLEY_ASSERT_OK(client.open());
    const int lock = ::open((root_ + "/.parley/lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(lock, LOCK_EX), 0);
    PARLEY_ASSERT_OK(client.get("a"));
    PARLEY_ASSERT_OK(client.list(""));
    PARLEY_ASSERT_OK(client.poll("", at));
    const Written put = client.put("a", "[]");
    PARLEY_EXPECT_CLASS(put, PARLEY_E_OVERLOADED);
    EXPECT_GT(put.retry_after_ms, 0u);
    PARLEY_EXPECT_CLASS(client.lease("l", "o", 1000), PARLEY_E_OVERLOADED);
    // What is edited by hand meanwhile is told of as soon as it can be written down.
    write("by/hand.json", "{}");
    PARLEY_ASSERT_OK(client.poll("", at));
    ::close(lock);
    EXPECT_EQ(client.poll("", at).keys, Keys{"by/hand"});
    PARLEY_ASSERT_OK(client.put("a", "[]"));
}

// The files of a process that has no right to them.
TEST_P(FileStore, OfSomebodyElseIsForbidden) {
    if (::geteuid() == 0) {
        fs::permissions(
            fs::path(root_).parent_path(), fs::perms::others_exec, fs::perm_options::add);
    }
    PARLEY_ASSERT_OK(store_->put("a/b", "{}"));
    fs::permissions(root_ + "/a", fs::perms::none);
    const auto restore = [&] { fs::permissions(root_ + "/a", fs::perms::owner_all); };
    const auto as_another = [&] {
        if (::geteuid() == 0 && ::seteuid(65534) != 0) return false;
        return true;
    };
    fs::permissions(root_, fs::perms::all);
    fs::permissions(root_ + "/.parley", fs::perms::all);
    ASSERT_TRUE(as_another());
    const Got got = store_->get("a/b");
    const Listed listed = store_->list("", "", 10, false);
    const Written put = store_->put("a/b", "{}");
    const bool is_back = ::geteuid() != 65534 || ::seteuid(0) == 0;
    ASSERT_TRUE(is_back);
    restore();
    PARLEY_EXPECT_CLASS(got, PARLEY_E_FORBIDDEN);
    PARLEY_EXPECT_CLASS(listed, PARLEY_E_FORBIDDEN);
    PARLEY_EXPECT_CLASS(put, PARLEY_E_FORBIDDEN);
    PARLEY_ASSERT_OK(store_->get("a/b"));
}

// A log of changes that is lost or garbage costs a new listing, nothing else.
TEST_P(FileStore, StartsItsLogAnew) {
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    const std::string at = position();
    store_.reset();
    write(".parley/changes", "garbage");
    store_ = another();
    EXPECT_TRUE(store_->poll("", at).reset);
    EXPECT_EQ(store_->list_all("").documents.size(), 1u);
    std::string now = position();
    PARLEY_ASSERT_OK(store_->put("b", "{}"));
    EXPECT_EQ(store_->poll("", now).keys, Keys{"b"});
}

TEST_P(FileStore, ShortensItsLog) {
    const auto other = another();
    PARLEY_ASSERT_OK(store_->put("a", "{}"));
    const std::string at = position();
    std::vector<Write> writes(50);
    for (int round = 0; round < 100; ++round) {
        for (std::size_t i = 0; i < writes.size(); ++i) {
            writes[i] = {"k/" + std::to_string(i), std::nullopt};
            if (round % 2 == 0) writes[i].value = "{}";
        }
        if (round < 2) PARLEY_ASSERT_OK(store_->batch(writes));
        // What a long life brings, without its files.
        std::ofstream log(root_ + "/.parley/changes", std::ios::app);
        const std::string sequence = at.substr(at.find(':') + 1);
        for (int i = 0; i < 50; ++i) log << sequence << " 0 x/" << i << '\n';
    }
    const auto before = fs::file_size(root_ + "/.parley/changes");
    PARLEY_ASSERT_OK(store_->put("b", "{}"));
    EXPECT_LT(fs::file_size(root_ + "/.parley/changes"), before / 10);
    const Changed seen = other->poll("", at);
    EXPECT_FALSE(seen.reset);
    EXPECT_EQ(seen.keys.size(), 51u);
    PARLEY_ASSERT_OK(other->put("c", "{}"));
    EXPECT_EQ(store_->poll("", seen.position).keys, Keys{"c"});
}

INSTANTIATE_TEST_SUITE_P(Store, FileStore, testing::Values("file"), name_of);

}  // namespace

}  // namespace parley::store_test
