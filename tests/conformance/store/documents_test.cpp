// documents_test.cpp: what is put is found again, whole, under any key.
#include <algorithm>
#include <set>

#include "stage.hpp"

namespace parley::store_test {

namespace {

class Documents : public StoreTest {};

std::string every_byte() {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    return all;
}

const std::vector<std::string>& odd_keys() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> keys{
            "a",
            "a/b",
            "a/b.json",
            "a/b.json/c",
            "a/b.doc/c",
            "a!",
            "a ",
            " a",
            "a/.hidden",
            ".a",
            "...",
            "a/...b",
            "a%",
            "a%2Fb",
            "a%2E",
            "a+b c&d=e?f#g",
            "A",
            "a\\b",
            "\"quoted\"",
            "'quoted'",
            "*?[a]{b}|~`$^;:,<>@",
            "-rf",
            "a~",
            "nul",
            "caf\xc3\xa9",
            "cafe\xcc\x81",
            "\xe6\x97\xa5\xe6\x9c\xac/\xf0\x9f\x90\x99",
            std::string(512, 'k'),
            std::string(511, 'k'),
            std::string(200, 'm'),
            std::string(200, 'm') + "/x",
            std::string(200, 'm') + "x",
            std::string(200, 'm') + ".json",
            std::string(512, '%'),
            std::string(512, '.'),
        };
        std::string deep;
        for (int i = 0; i < 255; ++i) deep += "d/";
        keys.push_back(deep + "d");
        std::string wide;
        for (int i = 0; i < 128; ++i) wide += "\xf0\x9f\x90\x99";
        keys.push_back(wide);
        return keys;
    }();
    return all;
}

TEST_P(Documents, AreFoundAsTheyWerePut) {
    const std::string value = R"({"provider":"acme","n":1})";
    const Written written = store_->put("account/acme/me", value, PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(written);
    EXPECT_NE(written.revision, PARLEY_REVISION_NONE);
    EXPECT_NE(written.revision, PARLEY_REVISION_ANY);
    const Got got = another()->get("account/acme/me");
    PARLEY_ASSERT_OK(got);
    EXPECT_EQ(got.document.key, "account/acme/me");
    EXPECT_EQ(got.document.value, value);
    EXPECT_EQ(got.document.content_type, "application/json");
    EXPECT_EQ(got.document.revision, written.revision);
}

TEST_P(Documents, OutliveTheInstance) {
    PARLEY_ASSERT_OK(store_->put("config/main", "{}"));
    const std::uint64_t revision = store_->get("config/main").document.revision;
    store_.reset();
    store_ = another();
    const Got got = store_->get("config/main");
    PARLEY_ASSERT_OK(got);
    EXPECT_EQ(got.document.revision, revision);
}

TEST_P(Documents, AreNotFoundWhereThereIsNone) {
    PARLEY_ASSERT_OK(store_->put("a/b/c", "{}"));
    for (const char* key : {"a", "a/b", "a/b/c/d", "a/b/d", "b", "a/b/c.json", "A/b/c"}) {
        PARLEY_EXPECT_CLASS(store_->get(key), PARLEY_E_NOT_FOUND);
    }
    PARLEY_ASSERT_OK(store_->remove("a/b/c"));
    PARLEY_EXPECT_CLASS(store_->get("a/b/c"), PARLEY_E_NOT_FOUND);
}

TEST_P(Documents, HoldAnyBytes) {
    std::string large;
    while (large.size() < std::size_t{1024} * 1024) large += every_byte();
    const std::vector<std::string> values{"",
                                          "x",
                                          "null",
                                          "{}",
                                          "{\"half\":",
                                          "[1,2]\n",
                                          std::string(1, '\0'),
                                          "parley-document/1 1 1 x\ny",
                                          every_byte(),
                                          large};
    for (const char* type : {"application/json", "text/plain; charset=utf-8", "a/b"}) {
        for (const std::string& value : values) {
            PARLEY_ASSERT_OK(store_->write({"a/b", value, PARLEY_REVISION_ANY, type}));
            const Got got = store_->get("a/b");
            PARLEY_ASSERT_OK(got);
            EXPECT_TRUE(got.document.value == value) << value.substr(0, 40);
            EXPECT_EQ(got.document.content_type, type);
        }
    }
}

TEST_P(Documents, OfTheLargestSizeAreTakenAndNoLargerOnes) {
    const std::uint64_t most =
        store_->facts().value_max == 0 ? 1024 * 1024 : store_->facts().value_max;
    ASSERT_GE(most, 1024u * 1024u);
    PARLEY_ASSERT_OK(store_->put("a", std::string(most, 'x')));
    const std::uint64_t revision = store_->get("a").document.revision;
    PARLEY_EXPECT_CLASS(store_->put("a", std::string(most + 1, 'y')), PARLEY_E_TOO_LARGE);
    const Got got = store_->get("a");
    EXPECT_TRUE(got.document.value == std::string(most, 'x'));
    EXPECT_EQ(got.document.revision, revision);
}

TEST_P(Documents, HaveOddKeys) {
    std::set<std::string> keys;
    for (const std::string& key : odd_keys()) {
        PARLEY_ASSERT_OK(store_->put(key, "{\"key\":" + std::to_string(keys.size()) + "}"));
        keys.insert(key);
    }
    ASSERT_EQ(keys.size(), odd_keys().size());
    for (std::size_t i = 0; i < odd_keys().size(); ++i) {
        const Got got = store_->get(odd_keys()[i]);
        EXPECT_TRUE(got.ok()) << odd_keys()[i] << ": " << got.message;
        EXPECT_EQ(got.document.value, "{\"key\":" + std::to_string(i) + "}") << odd_keys()[i];
    }
    for (const std::uint64_t limit : {1, 3, 1000}) {
        const Listed all = another()->list_all("", limit);
        PARLEY_ASSERT_OK(all);
        std::vector<std::string> listed;
        for (const Document& document : all.documents) listed.push_back(document.key);
        EXPECT_TRUE(std::is_sorted(listed.begin(), listed.end()));
        EXPECT_EQ(listed.size(), keys.size());
        for (const std::string& key : keys) {
            EXPECT_EQ(std::count(listed.begin(), listed.end(), key), 1) << key;
        }
    }
    const auto other = another();
    for (const std::string& key : odd_keys()) PARLEY_ASSERT_OK(other->remove(key));
    EXPECT_TRUE(store_->list_all("").documents.empty());
}

TEST_P(Documents, HaveKeysThatAreKeys) {
    const std::vector<std::string> none{"",
                                        "/",
                                        "/a",
                                        "a/",
                                        "a//b",
                                        ".",
                                        "..",
                                        "a/..",
                                        "a/./b",
                                        "../a",
                                        "a\nb",
                                        std::string("a\0b", 3),
                                        "a\x7f",
                                        "\xff",
                                        "\xc0\xaf",
                                        "\xed\xa0\x80",
                                        std::string(513, 'a')};
    for (const std::string& key : none) {
        PARLEY_EXPECT_CLASS(store_->get(key), PARLEY_E_INVALID_ARGUMENT);
        PARLEY_EXPECT_CLASS(store_->put(key, "{}"), PARLEY_E_INVALID_ARGUMENT);
        PARLEY_EXPECT_CLASS(store_->remove(key), PARLEY_E_INVALID_ARGUMENT);
    }
}

TEST_P(Documents, AreReplacedAsExpected) {
    PARLEY_EXPECT_CLASS(store_->put("k", "1", 7), PARLEY_E_CONFLICT);
    const Written first = store_->put("k", "1", PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(first);
    const Written again = store_->put("k", "2", PARLEY_REVISION_NONE);
    PARLEY_EXPECT_CLASS(again, PARLEY_E_CONFLICT);
    EXPECT_EQ(again.revision, first.revision);
    const Written second = store_->put("k", "2", first.revision);
    PARLEY_ASSERT_OK(second);
    EXPECT_NE(second.revision, first.revision);
    const Written stale = store_->put("k", "3", first.revision);
    PARLEY_EXPECT_CLASS(stale, PARLEY_E_CONFLICT);
    EXPECT_EQ(stale.revision, second.revision);
    EXPECT_EQ(store_->get("k").document.value, "2");
    const Written any = store_->put("k", "4");
    PARLEY_ASSERT_OK(any);
    EXPECT_EQ(store_->get("k").document.revision, any.revision);
}

TEST_P(Documents, AreRemovedAsExpected) {
    PARLEY_ASSERT_OK(store_->remove("k"));
    const Written none = store_->remove("k", PARLEY_REVISION_NONE);
    const Written other = store_->remove("k", 7);
    PARLEY_EXPECT_CLASS(other, PARLEY_E_CONFLICT);
    EXPECT_EQ(other.revision, PARLEY_REVISION_NONE);
    PARLEY_EXPECT_CLASS(none, PARLEY_E_CONFLICT);
    const Written put = store_->put("k", "1");
    const Written stale = store_->remove("k", put.revision + 1);
    PARLEY_EXPECT_CLASS(stale, PARLEY_E_CONFLICT);
    EXPECT_EQ(stale.revision, put.revision);
    PARLEY_ASSERT_OK(store_->remove("k", put.revision));
    PARLEY_EXPECT_CLASS(store_->get("k"), PARLEY_E_NOT_FOUND);
    const Written gone = store_->put("k", "2", put.revision);
    PARLEY_EXPECT_CLASS(gone, PARLEY_E_CONFLICT);
    EXPECT_EQ(gone.revision, PARLEY_REVISION_NONE);
    const Written back = store_->put("k", "1", PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(back);
    EXPECT_TRUE(back.revision != put.revision || stage(GetParam()).revision_is_content);
}

TEST_P(Documents, GetAnotherRevisionWithEveryWrite) {
    std::set<std::uint64_t> revisions;
    for (int i = 0; i < 50; ++i) {
        const bool by_content = stage(GetParam()).revision_is_content;
        const std::string value = by_content || i % 2 == 0 ? '[' + std::to_string(i) + ']' : "{}";
        const Written written = store_->put("k", value);
        PARLEY_ASSERT_OK(written);
        EXPECT_TRUE(revisions.insert(written.revision).second) << i;
        if (by_content) continue;
        const Written same = store_->put("k", value);
        EXPECT_TRUE(revisions.insert(same.revision).second) << i << ", the same value";
    }
}

TEST_P(Documents, AreListedByPrefix) {
    for (const char* key : {"account/a/x", "account/a/y", "account/ab", "account", "b", "config"}) {
        PARLEY_ASSERT_OK(store_->put(key, "{}"));
    }
    const auto keys = [&](std::string_view prefix) {
        std::vector<std::string> out;
        for (const Document& found : store_->list_all(prefix).documents) out.push_back(found.key);
        return out;
    };
    using Keys = std::vector<std::string>;
    EXPECT_EQ(keys("account/"), (Keys{"account/a/x", "account/a/y", "account/ab"}));
    EXPECT_EQ(keys("account/a"), (Keys{"account/a/x", "account/a/y", "account/ab"}));
    EXPECT_EQ(keys("account/a/"), (Keys{"account/a/x", "account/a/y"}));
    EXPECT_EQ(keys("account"), (Keys{"account", "account/a/x", "account/a/y", "account/ab"}));
    EXPECT_EQ(keys("%"), Keys{});
    EXPECT_EQ(keys("_"), Keys{});
    EXPECT_EQ(keys("").size(), 6u);
}

TEST_P(Documents, AreListedWithAndWithoutValues) {
    const Written written = store_->put("a", R"({"n":1})");
    for (const bool values : {true, false}) {
        const Listed all = store_->list("", "", 10, values);
        PARLEY_ASSERT_OK(all);
        ASSERT_EQ(all.documents.size(), 1u);
        EXPECT_EQ(all.documents[0].value, values ? R"({"n":1})" : "");
        EXPECT_EQ(all.documents[0].revision, written.revision);
        EXPECT_EQ(all.cursor, "");
    }
    PARLEY_EXPECT_CLASS(store_->list("", "", 0), PARLEY_E_INVALID_ARGUMENT);
}

TEST_P(Documents, AreListedInPagesOfBoundedSize) {
    const std::string large(std::size_t{1024} * 1024, 'x');
    for (int i = 0; i < 12; ++i) PARLEY_ASSERT_OK(store_->put("v/" + std::to_string(i), large));
    const Listed all = store_->list_all("v/", 1'000'000'000);
    PARLEY_ASSERT_OK(all);
    EXPECT_EQ(all.documents.size(), 12u);
    for (const Document& document : all.documents) EXPECT_EQ(document.value.size(), large.size());
}

INSTANTIATE_TEST_SUITE_P(Store, Documents, testing::ValuesIn(stage_names()), name_of);

}  // namespace

}  // namespace parley::store_test
