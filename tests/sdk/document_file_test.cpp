// document_file_test.cpp: keys as names of files, and back; whole files told from others.
#include "parley/sdk/document_file.hpp"

#include <gtest/gtest.h>

namespace parley::sdk {

namespace {

struct Name {
    std::string key;
    std::string file;
};

TEST(DocumentFile, HasANameThatPeopleCanRead) {
    const std::string k200(200, 'k');
    const Name names[] = {
        {"account/acme/me@example.com", "account/acme/me@example.com.json"},
        {"a/.b", "a/%2Eb.json"},
        {"a/b.json", "a/b.json.json"},
        {"a/b.json/c", "a/b%2Ejson/c.json"},
        {"a/b.doc/c", "a/b%2Edoc/c.json"},
        {"100%", "100%25.json"},
        {k200, k200 + ".json"},
        {k200 + "x/y", k200 + "%+/x/y.json"},
        {k200 + ".", k200 + "%+/%2E.json"},
    };
    for (const Name& name : names) {
        EXPECT_EQ(file_of(name.key, FileForm::kJson), name.file);
        EXPECT_EQ(key_of_file(name.file), name.key);
    }
    for (std::size_t size = 190; size <= 512; ++size) {
        for (const std::string& key :
             {std::string(size, '%'), std::string(size, '.'), "a" + std::string(size - 1, '%')}) {
            EXPECT_EQ(key_of_file(file_of(key, FileForm::kJson)), key);
        }
    }
    for (const char* file : {"a",
                             "a.txt",
                             ".a.json",
                             "a/.b/c.json",
                             "a%2Fb.json",
                             "a%2eb.json",
                             "a%41.json",
                             ".json",
                             "a//b.json",
                             "%.json"}) {
        EXPECT_EQ(key_of_file(file), std::nullopt) << file;
    }
}

TEST(DocumentFile, IsWholeOrNothing) {
    for (const char* type : {"application/json", "text/plain"}) {
        for (const std::string& value : {std::string(R"({"a":[1,2]})"),
                                         std::string("12"),
                                         std::string("half {"),
                                         std::string()}) {
            const FileForm form = form_for(value, type);
            const std::string text = file_text(value, type);
            const auto read = file_value(form, text);
            ASSERT_TRUE(read.has_value());
            EXPECT_EQ(read->value, value);
            EXPECT_EQ(read->content_type, type);
            for (std::size_t size = 0; size < text.size(); ++size) {
                EXPECT_FALSE(file_value(form, text.substr(0, size)).has_value());
            }
        }
    }
    EXPECT_EQ(form_for("{}", ""), FileForm::kJson);
    EXPECT_EQ(form_for("{}", "text/plain"), FileForm::kEnvelope);
    std::string changed = file_text("secret", "text/plain");
    changed.back() = 'T';
    EXPECT_FALSE(file_value(FileForm::kEnvelope, changed).has_value());
}

}  // namespace

}  // namespace parley::sdk
