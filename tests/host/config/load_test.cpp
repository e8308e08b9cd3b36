#include "config/load.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "faults.hpp"

namespace parley::config {
namespace {

namespace json = boost::json;

TEST(Load, NothingGivesTheDefaults) {
    const Config config = config_of("");
    EXPECT_EQ(config.file, "p.toml");
    EXPECT_EQ(config.state_folder, "/h/.parley");
    EXPECT_EQ(config.server.listen, Texts{"127.0.0.1:8317"});
    EXPECT_EQ(config.limits.head_ms, 15'000u);
    EXPECT_TRUE(config.client_keys.empty());
    EXPECT_TRUE(config.providers.empty());
}

TEST(Load, StateFolderWithoutAHome) {
    EXPECT_EQ(load_text("", "", {}).config.state_folder, "/var/lib/parley");
    EXPECT_EQ(state_folder_of({}), "/var/lib/parley");
    EXPECT_EQ(state_folder_of({{{"HOME", "/h"}}}), "/h/.parley");
    EXPECT_EQ(load_text("state_folder = '/s'", "", {}).config.state_folder, "/s");
    EXPECT_EQ(config_of("state_folder = '$HOME/s'").state_folder, "/h/s");
}

constexpr std::string_view kAll = R"(state_folder = "~/state"

[server]
listen = ["0.0.0.0:80", "[::1]:81", "82"]
threads = 3
tls_certificate = "~/c.pem"
tls_key = "k.pem"
cors_origins = ["https://chat.example.com:8443", "*"]

[log]
level = "debug"
format = "json"
exchanges = false

[plugins]
folders = ["/a", "~/b"]
library_bytes_max = "1MiB"

[limits]
head_bytes_max = 2048
head_ms = "5s"
body_bytes_per_s_min = "2kB"
drain_ms = 0

[upstream]
ca_file = "~/ca.pem"
head_ms = "1h"
held_bytes_max = "1GiB"

[[client_key]]
name = "a"
key = "k-1"
[[client_key]]
name = "b@example.com"
key = "k-2"
disabled = true

[[provider]]
name = "one"
plugin = "speaks"
models = ["m-*"]
excluded_models = ["m-x"]
usage_in_streams = true
base_url = "https://example.com"
[provider.headers]
x-team = "t"
[[provider.account]]
api_key = "a-1"
[[provider.account]]
label = "second"
api_key = "a-2"
disabled = true
[[provider]]
name = "two"
disabled = true

[[route]]
model = "fast"
targets = [
    { provider = "two", model = "m-9" },
    { provider = "one" },
]
)";

TEST(Load, ReadsTheSections) {
    const Config config = config_of(kAll);
    EXPECT_EQ(config.state_folder, "/h/state");
    EXPECT_EQ(config.server.listen, (Texts{"0.0.0.0:80", "[::1]:81", "127.0.0.1:82"}));
    EXPECT_EQ(config.server.threads, 3u);
    EXPECT_EQ(config.server.tls_certificate, "/h/c.pem");
    EXPECT_EQ(config.server.tls_key, "k.pem");
    EXPECT_EQ(config.server.cors_origins, (Texts{"https://chat.example.com:8443", "*"}));
    EXPECT_EQ(config.log.level, "debug");
    EXPECT_EQ(config.log.format, "json");
    EXPECT_FALSE(config.log.exchanges);
    EXPECT_EQ(config.plugins.folders, (Texts{"/a", "/h/b"}));
    EXPECT_EQ(config.plugins.library_bytes_max, 1u << 20);
    EXPECT_EQ(config.limits.head_bytes_max, 2048u);
    EXPECT_EQ(config.limits.head_ms, 5000u);
    EXPECT_EQ(config.limits.body_bytes_per_s_min, 2000u);
    EXPECT_EQ(config.limits.drain_ms, 0u);
    EXPECT_EQ(config.limits.idle_ms, Limits{}.idle_ms);
    EXPECT_EQ(config.upstream_ca_file, "/h/ca.pem");
    EXPECT_EQ(config.upstream.head_ms, 3'600'000u);
    EXPECT_EQ(config.upstream.held_bytes_max, 1u << 30);
}

TEST(Load, ReadsKeysProvidersAndRoutes) {
    const Config config = config_of(kAll);
    ASSERT_EQ(config.client_keys.size(), 2u);
    EXPECT_EQ(config.client_keys[0].key.reveal(), "k-1");
    EXPECT_FALSE(config.client_keys[0].disabled);
    EXPECT_EQ(config.client_keys[1].name, "b@example.com");
    EXPECT_TRUE(config.client_keys[1].disabled);
    EXPECT_EQ(config.client_keys[1].position.line, 33u);

    ASSERT_EQ(config.providers.size(), 2u);
    const Provider& one = config.providers[0];
    EXPECT_EQ(one.plugin, "speaks");
    EXPECT_EQ(one.models, Texts{"m-*"});
    EXPECT_EQ(one.excluded_models, Texts{"m-x"});
    EXPECT_TRUE(one.usage_in_streams);
    ASSERT_EQ(one.accounts.size(), 2u);
    EXPECT_EQ(one.accounts[0].label, "main");
    EXPECT_EQ(one.accounts[0].api_key.reveal(), "a-1");
    EXPECT_EQ(one.accounts[1].label, "second");
    EXPECT_TRUE(one.accounts[1].disabled);
    EXPECT_EQ(config.providers[1].name, "two");
    EXPECT_EQ(config.providers[1].plugin, "");
    EXPECT_TRUE(config.providers[1].disabled);

    ASSERT_EQ(config.routes.size(), 1u);
    ASSERT_EQ(config.routes[0].targets.size(), 2u);
    EXPECT_EQ(config.routes[0].targets[0].provider, "two");
    EXPECT_EQ(config.routes[0].targets[0].model, "m-9");
    EXPECT_EQ(config.routes[0].targets[1].model, "");
}

TEST(Load, SettingsAreAllOtherKeysOfAProvider) {
    const Config config = config_of(R"([[provider]]
name = "one"
base_url = "https://example.com"
tries = 3
share = 0.5
on = true
list = ["a", { deep = [1, 2] }]
headers = { x-team = "t" }
[provider.retry]
  after.ms = 9
)");
    const Provider& one = config.providers[0];
    EXPECT_EQ(json::value(one.settings), json::parse(R"({
        "base_url": "https://example.com", "tries": 3, "share": 0.5, "on": true,
        "list": ["a", {"deep": [1, 2]}], "headers": {"x-team": "t"}, "retry": {"after": {"ms": 9}}
    })"));
    const auto place = [&](const std::string& path) {
        const Position at = one.setting_positions.at(path);
        return std::to_string(at.line) + ":" + std::to_string(at.column);
    };
    EXPECT_EQ(place("base_url"), "3:1");
    EXPECT_EQ(place("list"), "7:1");
    EXPECT_EQ(place("list[0]"), "7:9");
    EXPECT_EQ(place("list[1].deep"), "7:16");
    EXPECT_EQ(place("list[1].deep[1]"), "7:27");
    EXPECT_EQ(place("headers.x-team"), "8:13");
    EXPECT_EQ(place("retry"), "9:11");
    EXPECT_EQ(place("retry.after.ms"), "10:9");
    EXPECT_EQ(one.setting_positions.size(), 15u);
}

TEST(Load, SettingsTakeVariablesInStrings) {
    const Environment environment{{{"HOME", "/h"}, {"TEAM", "$x"}}};
    const Config config = config_of(R"([[provider]]
name = "one"
a = "$TEAM"
b = ["${TEAM}", "$$TEAM", "a $TEAM", "$HOME/x"]
)",
                                    environment);
    EXPECT_EQ(json::serialize(config.providers[0].settings),
              R"({"a":"$x","b":["$x","$TEAM","a $TEAM","$HOME/x"]})");
}

// A folder that is gone after the test.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }

    ~Folder() { std::filesystem::remove_all(path_); }

    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

TEST(LoadFile, TakesTheDotEnvBesideIt) {
    const Folder folder;
    const std::string file = folder.write("p.toml", R"([[client_key]]
name = "a"
key = "$FROM_FILE"
[[client_key]]
name = "b"
key = "$FROM_BOTH"
)");
    folder.write(".env", "FROM_FILE=1\nFROM_BOTH=2\nPARLEY_LOG__LEVEL=warn\nno variable\n");
    const Loaded loaded = load(file, {{{"FROM_BOTH", "3"}}});
    EXPECT_EQ(texts_of(loaded.faults), Texts{});
    EXPECT_EQ(texts_of(loaded.warnings),
              Texts{folder.path() + "/.env:4:1: left out; expected NAME=value on one line"});
    EXPECT_EQ(loaded.config.file, file);
    EXPECT_EQ(loaded.config.client_keys[0].key.reveal(), "1");
    EXPECT_EQ(loaded.config.client_keys[1].key.reveal(), "3");
    EXPECT_EQ(loaded.config.log.level, "warn");
}

TEST(LoadFile, NeedsNoDotEnv) {
    const Folder folder;
    const Loaded loaded = load(folder.write("p.toml", "[log]\nlevel = 'warn'\n"), kNoEnvironment);
    EXPECT_EQ(texts_of(loaded.faults), Texts{});
    EXPECT_EQ(texts_of(loaded.warnings), Texts{});
    EXPECT_EQ(loaded.config.log.level, "warn");
}

TEST(LoadFile, ThatCannotBeReadIsAFault) {
    const Folder folder;
    EXPECT_EQ(texts_of(load(folder.path() + "/none.toml", {}).faults),
              Texts{"p.toml: cannot be read: No such file or directory"});
    EXPECT_EQ(texts_of(load(folder.path(), {}).faults),
              Texts{"p.toml: cannot be read: Is a directory"});
    std::filesystem::create_directory(folder.path() + "/.env");
    EXPECT_EQ(texts_of(load(folder.write("p.toml", ""), {}).warnings),
              Texts{folder.path() + "/.env: cannot be read: Is a directory"});
}

TEST(LoadFile, NoFileIsTheEnvironmentAlone) {
    const Loaded loaded = load("", {{{"PARLEY_LOG__LEVEL", "warn"}}});
    EXPECT_EQ(texts_of(loaded.faults), Texts{});
    EXPECT_EQ(loaded.config.file, "");
    EXPECT_EQ(loaded.config.log.level, "warn");
}

}  // namespace
}  // namespace parley::config
