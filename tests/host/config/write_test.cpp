#include "config/write.hpp"

#include <regex>
#include <set>

#include "faults.hpp"

namespace parley::config {
namespace {

TEST(StarterConfig, LoadsWithoutFaults) {
    const Config config = config_of(starter_config("sk-parley-made"));
    EXPECT_EQ(config.server.listen, Texts{"127.0.0.1:8317"});
    ASSERT_EQ(config.client_keys.size(), 1u);
    EXPECT_EQ(config.client_keys[0].name, "default");
    EXPECT_EQ(config.client_keys[0].key.reveal(), "sk-parley-made");
    ASSERT_EQ(config.providers.size(), 1u);
    EXPECT_EQ(config.providers[0].name, "example");
    EXPECT_TRUE(config.providers[0].accounts.empty());
    EXPECT_EQ(starter_config("k").find('@'), std::string::npos);
}

// What it teaches in comments is right too: the lines that begin with "# " and read as TOML.
TEST(StarterConfig, ItsExamplesLoad) {
    std::string text = starter_config("sk-parley-made");
    text = std::regex_replace(text, std::regex("\n# (?=\\[|[a-z_]+ = |\\]|    \\{)"), "\n");
    text.replace(text.find("\n[log]"), 0, "\n");
    const Config config = config_of(text, {{{"HOME", "/h"}, {"OPENAI_API_KEY", "sk-test"}}});
    EXPECT_EQ(config.server.tls_key, "/etc/parley/key.pem");
    ASSERT_EQ(config.providers.size(), 3u);
    EXPECT_EQ(config.providers[1].accounts.at(0).api_key.reveal(), "sk-test");
    EXPECT_EQ(config.providers[2].plugin, config.providers[1].name);
    ASSERT_EQ(config.routes.size(), 1u);
    EXPECT_EQ(config.routes[0].targets.size(), 2u);
    EXPECT_EQ(config.limits.body_bytes_max, Limits{}.body_bytes_max);
    EXPECT_EQ(config.limits.drain_ms, Limits{}.drain_ms);
    EXPECT_EQ(config.log.level, "debug");
}

TEST(NewClientKey, IsLongAndNeverTheSame) {
    const std::regex form("sk-parley-[A-Za-z0-9_-]{43}");
    std::set<std::string> keys;
    std::set<char> characters;
    for (int i = 0; i < 200; ++i) {
        const std::string key = new_client_key();
        EXPECT_TRUE(std::regex_match(key, form)) << key;
        characters.insert(key.begin() + 10, key.end());
        keys.insert(key);
    }
    EXPECT_EQ(keys.size(), 200u);
    EXPECT_EQ(characters.size(), 64u);
}

}  // namespace
}  // namespace parley::config
