// store_test.cpp: [store], an open table that stands once.
#include <boost/json/serialize.hpp>

#include "faults.hpp"

namespace parley::config {
namespace {

std::string settings(const Store& store) {
    return boost::json::serialize(store.settings);
}

TEST(StoreSection, NothingGivesTheUsualStore) {
    const Config config = config_of("");
    EXPECT_EQ(config.store.plugin, "store-file");
    EXPECT_TRUE(config.store.settings.empty());
    EXPECT_EQ(config.store.limits.call_ms, 30'000u);
    EXPECT_EQ(config.store.position.line, 0u);
}

TEST(StoreSection, OtherKeysAreThePluginsOwn) {
    const Config config = config_of(R"([store]
plugin = "store-postgres"
call_ms = "5s"
url = "$STORE_URL"
pool = { size = 4 }
)",
                                    Environment{{{"HOME", "/h"}, {"STORE_URL", "postgres://db"}}});
    EXPECT_EQ(config.store.plugin, "store-postgres");
    EXPECT_EQ(config.store.limits.call_ms, 5'000u);
    EXPECT_EQ(settings(config.store), R"({"pool":{"size":4},"url":"postgres://db"})");
    EXPECT_EQ(config.store.setting_positions.at("pool.size").line, 5u);
    EXPECT_EQ(config.store.position.line, 1u);
}

TEST(StoreSection, VariablesSetKeysAndSettings) {
    const Config config = config_of("[store]\nbaseUrl = \"a\"\n",
                                    Environment{{{"HOME", "/h"},
                                                 {"PARLEY_STORE__PLUGIN", "store-s3"},
                                                 {"PARLEY_STORE__BASEURL", "b"},
                                                 {"PARLEY_STORE__POOL__SIZE", "7"}}});
    EXPECT_EQ(config.store.plugin, "store-s3");
    EXPECT_EQ(settings(config.store), R"({"baseUrl":"b","pool":{"size":7}})");
}

TEST(StoreSection, FaultsHaveTheirPlaces) {
    EXPECT_EQ(faults_in("store = 1"),
              Texts{"p.toml:1:9: store: expected a table that begins with [store], got 1"});
    EXPECT_EQ(faults_in("[store]\ncall_ms = 1\n").size(), 1u);
    EXPECT_EQ(faults_in("[store]\nurl = \"$NOT_SET\"\n").size(), 1u);
}

}  // namespace
}  // namespace parley::config
