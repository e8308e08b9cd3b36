#include "store/journal.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "store/image.hpp"

namespace parley::store {
namespace {

namespace fs = std::filesystem;

using Texts = std::vector<std::string>;

class JournalFile : public ::testing::Test {
protected:
    JournalFile() {
        std::string pattern = (fs::temp_directory_path() / "journal-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        file_ = folder_ + "/journal";
    }

    ~JournalFile() override { fs::remove_all(folder_); }

    Texts records() const {
        auto opened = Journal::open(file_);
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? opened->records : Texts{};
    }

    std::string bytes() const {
        std::ifstream in(file_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void put(std::string_view bytes) const {
        std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
    }

    static Journal opened(const std::string& file) {
        return std::move(Journal::open(file).value().journal);
    }

    std::string folder_;
    std::string file_;
};

TEST_F(JournalFile, KeepsWhatWasAppended) {
    {
        Journal journal = opened(file_);
        ASSERT_TRUE(journal.append(Texts{"one", ""}));
        ASSERT_TRUE(journal.append(Texts{std::string("\0\xFF binary", 9)}));
    }
    EXPECT_EQ(records(), (Texts{"one", "", std::string("\0\xFF binary", 9)}));

    struct stat facts {};

    ASSERT_EQ(::stat(file_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(JournalFile, RewrittenItHoldsTheNewAlone) {
    {
        Journal journal = opened(file_);
        ASSERT_TRUE(journal.append(Texts{"one", "two"}));
        ASSERT_TRUE(journal.rewrite(Texts{"three"}));
        ASSERT_TRUE(journal.append(Texts{"four"}));
        EXPECT_EQ(journal.bytes(), fs::file_size(file_));
    }
    EXPECT_EQ(records(), (Texts{"three", "four"}));
    EXPECT_FALSE(fs::exists(file_ + ".new"));
}

// A crash may leave any part of the last write, and zeros behind it.
TEST_F(JournalFile, CutAtEveryByteItKeepsTheRecordsBefore) {
    Texts all{"first", "", "the third record"};
    {
        Journal journal = opened(file_);
        for (const std::string& record : all) ASSERT_TRUE(journal.append(Texts{record}));
    }
    const std::string whole = bytes();
    std::size_t most = 0;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        for (const std::size_t zeros : {0u, 8u, 40u}) {
            put(whole.substr(0, size) + std::string(zeros, '\0'));
            const Texts kept = records();
            ASSERT_LE(kept.size(), all.size());
            EXPECT_TRUE(std::equal(kept.begin(), kept.end(), all.begin())) << size << "+" << zeros;
            if (zeros == 0) {
                EXPECT_GE(kept.size(), most) << size;
                most = std::max(most, kept.size());
            }
            // It goes on from there.
            Journal journal = opened(file_);
            ASSERT_TRUE(journal.append(Texts{"later"}));
            Texts expected = kept;
            expected.emplace_back("later");
            EXPECT_EQ(records(), expected) << size << "+" << zeros;
        }
    }
    EXPECT_EQ(most, all.size());
}

TEST_F(JournalFile, DamageInTheMiddleIsToldAndTheFileKept) {
    {
        Journal journal = opened(file_);
        ASSERT_TRUE(journal.append(Texts{"one", "two", "three"}));
    }
    std::string damaged = bytes();
    damaged[damaged.find("two")] = 'T';
    put(damaged);
    const auto opened = Journal::open(file_);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->records, Texts{"one"});
    EXPECT_NE(opened->problem.find("damaged"), std::string::npos) << opened->problem;
    std::ifstream kept(file_ + ".damaged", std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), damaged);
}

TEST_F(JournalFile, AFileOfAnotherFormIsKeptBeside) {
    put("something else altogether\n");
    const auto opened = Journal::open(file_);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(opened->records.empty());
    EXPECT_FALSE(opened->problem.empty());
    EXPECT_TRUE(fs::exists(file_ + ".damaged"));
}

TEST_F(JournalFile, AFullDiskLosesNothing) {
    if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full on this machine";
    Journal journal = opened(file_);
    ASSERT_TRUE(journal.append(Texts{"one"}));
    const std::string fresh = file_ + ".new";
    ASSERT_EQ(::symlink("/dev/full", fresh.c_str()), 0);
    const auto done = journal.rewrite(Texts{"two"});
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message.find("No space left"), std::string::npos);
    fs::remove(fresh);
    ASSERT_TRUE(journal.append(Texts{"three"}));
    EXPECT_EQ(records(), (Texts{"one", "three"}));
}

TEST(JournalFolder, IsPrivate) {
    std::string pattern = (fs::temp_directory_path() / "journal-XXXXXX").string();
    const std::string root = ::mkdtemp(pattern.data());
    ASSERT_TRUE(make_private_folder(root + "/a/b"));

    struct stat facts {};

    ASSERT_EQ(::stat((root + "/a").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0700u);
    std::ofstream(root + "/file") << "x";
    EXPECT_FALSE(make_private_folder(root + "/file/b"));
    fs::remove_all(root);
}

TEST(ImageRecord, SaysAnEntry) {
    Entry entry;
    entry.revision = 7;
    entry.known = base::Secret("as it was");
    entry.wished = base::Secret(std::string("\0new", 4));
    Image image;
    ASSERT_TRUE(apply_record(record_of("account/a/b", entry), image));
    ASSERT_EQ(image.size(), 1u);
    const Entry& read = image.at("account/a/b");
    EXPECT_EQ(read.revision, 7u);
    EXPECT_EQ(*read.known, *entry.known);
    EXPECT_EQ(*read.wished, *entry.wished);
    ASSERT_TRUE(apply_record(record_of("account/a/b", Entry()), image));
    EXPECT_TRUE(image.empty()) << "what is neither there nor wished for is forgotten";
}

TEST(ImageRecord, APartOfOneIsNone) {
    Entry entry;
    entry.known = base::Secret("text");
    entry.wished = base::Secret("other");
    const std::string record = record_of("k", entry);
    Image image;
    for (std::size_t size = 0; size < record.size(); ++size) {
        EXPECT_FALSE(apply_record(std::string_view(record).substr(0, size), image)) << size;
    }
    EXPECT_FALSE(apply_record(record + "x", image));
    EXPECT_TRUE(image.empty());
}

}  // namespace
}  // namespace parley::store
