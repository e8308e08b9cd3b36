// override_test.cpp: keys that the environment sets.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "config/keys.hpp"
#include "config/override_value.hpp"
#include "faults.hpp"

namespace parley::config {
namespace {

namespace json = boost::json;

// Loads `text` with the variables, and HOME.
Loaded with(std::map<std::string, std::string> variables, std::string_view text = {}) {
    variables.emplace("HOME", "/h");
    return load_text(text, "p.toml", Environment{std::move(variables)});
}

Config config_with(std::map<std::string, std::string> variables, std::string_view text = {}) {
    Loaded loaded = with(std::move(variables), text);
    EXPECT_EQ(texts_of(loaded.faults), Texts{});
    EXPECT_EQ(texts_of(loaded.warnings), Texts{});
    return std::move(loaded.config);
}

Texts warnings_with(std::map<std::string, std::string> variables, std::string_view text = {}) {
    const Loaded loaded = with(std::move(variables), text);
    EXPECT_EQ(texts_of(loaded.faults), Texts{});
    return texts_of(loaded.warnings);
}

TEST(Override, SetsKeysOfAllForms) {
    const Config config = config_with({
        {"PARLEY_STATE_FOLDER", "~/s"},
        {"PARLEY_SERVER__LISTEN", "0.0.0.0:80, [::1]:81 ,82"},
        {"PARLEY_SERVER__THREADS", "4"},
        {"PARLEY_SERVER__CORS_ORIGINS", ""},
        {"PARLEY_LOG__EXCHANGES", "0"},
        {"PARLEY_LOG__FORMAT", "json"},
        {"PARLEY_PLUGINS__FOLDERS", "/a,~/b"},
        {"PARLEY_LIMITS__HEAD_MS", "5000"},
        {"PARLEY_LIMITS__IDLE_MS", "10s"},
        {"PARLEY_LIMITS__BODY_BYTES_MAX", "10MiB"},
        {"PARLEY_UPSTREAM__CA_FILE", "/ca.pem"},
    });
    EXPECT_EQ(config.state_folder, "/h/s");
    EXPECT_EQ(config.server.listen, (Texts{"0.0.0.0:80", "[::1]:81", "127.0.0.1:82"}));
    EXPECT_EQ(config.server.threads, 4u);
    EXPECT_EQ(config.server.cors_origins, Texts{});
    EXPECT_FALSE(config.log.exchanges);
    EXPECT_EQ(config.log.format, "json");
    EXPECT_EQ(config.plugins.folders, (Texts{"/a", "/h/b"}));
    EXPECT_EQ(config.limits.head_ms, 5000u);
    EXPECT_EQ(config.limits.idle_ms, 10'000u);
    EXPECT_EQ(config.limits.body_bytes_max, 10u << 20);
    EXPECT_EQ(config.upstream_ca_file, "/ca.pem");
}

TEST(Override, WinsOverTheFile) {
    const Config config = config_with({{"PARLEY_SERVER__LISTEN", "1"},
                                       {"PARLEY_LOG__EXCHANGES", "false"},
                                       {"PARLEY_PROVIDER__MY_ONE__DISABLED", "true"},
                                       {"PARLEY_PROVIDER__MY_ONE__MODELS", "a*,b"},
                                       {"PARLEY_PROVIDER__MY_ONE__ACCOUNT__MAIN__API_KEY", "new"},
                                       {"PARLEY_PROVIDER__MY_ONE__ACCOUNT__X_Y__API_KEY", "new2"},
                                       {"PARLEY_CLIENT_KEY__A_B_C__KEY", "k2"}},
                                      R"([server]
listen = ["8", "9"]
[log]
exchanges = true
[[client_key]]
name = "a.b@c"
key = "$NOT_SET_AND_NOT_NEEDED"
[[provider]]
name = "other"
[[provider]]
name = "my-one"
models = ["z"]
[[provider.account]]
api_key = "old"
[[provider.account]]
label = "x.y"
api_key = "old2"
)");
    EXPECT_EQ(config.server.listen, Texts{"127.0.0.1:1"});
    EXPECT_FALSE(config.log.exchanges);
    ASSERT_EQ(config.client_keys.size(), 1u);
    EXPECT_EQ(config.client_keys[0].name, "a.b@c");
    EXPECT_EQ(config.client_keys[0].key.reveal(), "k2");
    ASSERT_EQ(config.providers.size(), 2u);
    EXPECT_FALSE(config.providers[0].disabled);
    const Provider& provider = config.providers[1];
    EXPECT_TRUE(provider.disabled);
    EXPECT_EQ(provider.models, (Texts{"a*", "b"}));
    ASSERT_EQ(provider.accounts.size(), 2u);
    EXPECT_EQ(provider.accounts[0].api_key.reveal(), "new");
    EXPECT_EQ(provider.accounts[1].api_key.reveal(), "new2");
}

TEST(Override, ACompleteConfigurationWithoutAFile) {
    const Config config =
        config_with({{"PARLEY_CLIENT_KEY__DEFAULT__KEY", "k"},
                     {"PARLEY_PROVIDER__MY_PLACE__PLUGIN", "speaks"},
                     {"PARLEY_PROVIDER__MY_PLACE__BASE_URL", "https://example.com/v1"},
                     {"PARLEY_PROVIDER__MY_PLACE__ACCOUNT__MAIN__API_KEY", "$not a variable"},
                     {"PARLEY_PROVIDER__MY_PLACE__ACCOUNT__THE_2ND__API_KEY", "a2"}});
    ASSERT_EQ(config.client_keys.size(), 1u);
    EXPECT_EQ(config.client_keys[0].name, "default");
    EXPECT_EQ(config.client_keys[0].key.reveal(), "k");
    EXPECT_EQ(config.client_keys[0].position.line, 0u);
    ASSERT_EQ(config.providers.size(), 1u);
    const Provider& provider = config.providers[0];
    EXPECT_EQ(provider.name, "my-place");
    EXPECT_EQ(provider.plugin, "speaks");
    EXPECT_EQ(json::serialize(provider.settings), R"({"base_url":"https://example.com/v1"})");
    EXPECT_EQ(provider.setting_positions.at("base_url").line, 0u);
    ASSERT_EQ(provider.accounts.size(), 2u);
    EXPECT_EQ(provider.accounts[0].label, "main");
    EXPECT_EQ(provider.accounts[0].api_key.reveal(), "$not a variable");
    EXPECT_EQ(provider.accounts[1].label, "the-2nd");
}

TEST(Override, SettingsHaveTheTypeThatTheyLookLike) {
    const auto setting = [](const std::string& text) {
        const Config config = config_with({{"PARLEY_PROVIDER__P__X", text}});
        return json::serialize(config.providers.at(0).settings.at("x"));
    };
    EXPECT_EQ(setting("true"), "true");
    EXPECT_EQ(setting("5"), "5");
    EXPECT_EQ(setting("-0.5"), "-5E-1");
    EXPECT_EQ(setting(R"(["a", 1])"), R"(["a",1])");
    EXPECT_EQ(setting(R"({ a = "b" })"), R"({"a":"b"})");
    EXPECT_EQ(setting("\"5\""), "\"5\"");
    for (const char* text : {"",
                             "text",
                             "a b",
                             "True",
                             "2024-10-21",
                             "10:00:00",
                             "inf",
                             "nan",
                             "007",
                             "5x",
                             "https://example.com",
                             "1\ny = 2",
                             "$VARIABLE",
                             "[a"}) {
        EXPECT_EQ(setting(text), json::serialize(json::value(text))) << text;
    }
}

TEST(Override, SettingsKeepTheSpellingOfTheFile) {
    const Config config = config_with({{"PARLEY_PROVIDER__P__BASEURL", "b"},
                                       {"PARLEY_PROVIDER__P__HEADERS__X_TEAM", "t2"},
                                       {"PARLEY_PROVIDER__P__HEADERS__X_NEW", "n"},
                                       {"PARLEY_PROVIDER__P__A__B__C", "1"}},
                                      R"([[provider]]
name = "p"
baseUrl = "a"
headers = { x-team = "t" }
)");
    EXPECT_EQ(json::value(config.providers[0].settings),
              json::parse(R"({"baseUrl": "b", "headers": {"x-team": "t2", "x_new": "n"},
                              "a": {"b": {"c": 1}}})"));
    EXPECT_EQ(config.providers[0].setting_positions.at("baseUrl").line, 0u);
    EXPECT_EQ(config.providers[0].setting_positions.at("headers").line, 4u);
    EXPECT_EQ(config.providers[0].setting_positions.at("headers.x-team").line, 0u);
}

TEST(Override, FaultsNameTheVariable) {
    const auto faults = [](std::map<std::string, std::string> variables,
                           std::string_view text = {}) {
        return texts_of(with(std::move(variables), text).faults);
    };
    EXPECT_EQ(faults({{"PARLEY_LOG__EXCHANGES", "yes"}}),
              Texts{"PARLEY_LOG__EXCHANGES: log.exchanges: expected true or false, got \"yes\""});
    EXPECT_EQ(faults({{"PARLEY_SERVER__THREADS", "5s"}}, "[server]\nthreads = 1\n"),
              Texts{"PARLEY_SERVER__THREADS: server.threads: expected an integer from 0 to 1024, "
                    "got \"5s\""});
    EXPECT_EQ(faults({{"PARLEY_PLUGINS__FOLDERS", "/a,,/b"}}, "[plugins]\nfolders = [1, 2, 3]\n"),
              Texts{"PARLEY_PLUGINS__FOLDERS: plugins.folders[1]: expected a string that is not "
                    "empty, got \"\""});
    EXPECT_EQ(faults({{"PARLEY_CLIENT_KEY__A__DISABLED", "true"}}),
              Texts{"PARLEY_CLIENT_KEY__A__DISABLED: client_key[0].key: required, but missing; "
                    "expected a string, or key_hash"});
    EXPECT_EQ(faults({{"PARLEY_CLIENT_KEY__A__KEY", ""}}),
              Texts{"PARLEY_CLIENT_KEY__A__KEY: client_key[0].key: empty; expected the secret"});
    EXPECT_EQ(faults({{"PARLEY_PROVIDER__P__A__B", "1"}}, "[[provider]]\nname = 'p'\na = 1\n"),
              Texts{"PARLEY_PROVIDER__P__A__B: provider[0].a is not a table; expected one"});
    EXPECT_EQ(
        faults({{"PARLEY_PROVIDER__A_B__X", "1"}},
               "[[provider]]\nname = 'a-b'\n[[provider]]\nname = 'a.b'\n"),
        Texts{"PARLEY_PROVIDER__A_B__X: fits provider[0] and provider[1]; expected names that "
              "differ in letters or digits"});
    EXPECT_EQ(
        faults({{"PARLEY_CLIENT_KEY__B__KEY", "1"}}, "[[client_key]]\nname = 'a'\nkey = '1'\n"),
        Texts{"PARLEY_CLIENT_KEY__B__KEY: client_key[1].key: the same as client_key[0].key "
              "(line 3); expected another one"});
}

TEST(Override, LeavesTablesOfTheWrongKindToTheirFault) {
    EXPECT_EQ(texts_of(with({{"PARLEY_SERVER__THREADS", "1"}}, "server = 1\n").faults),
              Texts{"p.toml:1:10: server: expected a table that begins with [server], got 1"});
    EXPECT_EQ(texts_of(with({{"PARLEY_PROVIDER__P__X", "1"}}, "provider = [1]\n").faults),
              Texts{"p.toml:1:13: provider[0]: expected a table, got 1"});
    EXPECT_EQ(texts_of(with({{"PARLEY_CLIENT_KEY__P__KEY", "1"}}, "client_key = 1\n").faults),
              Texts{"p.toml:1:14: client_key: expected tables that begin with [[client_key]], got "
                    "1"});
}

TEST(Override, UnknownVariablesAreWarnings) {
    EXPECT_EQ(warnings_with({{"PARLEY_LIMIT__HEAD_MS", "1"}}),
              Texts{"PARLEY_LIMIT__HEAD_MS: no such key; did you mean \"PARLEY_LIMITS__HEAD_MS\""});
    EXPECT_EQ(warnings_with({{"PARLEY_LIMITS__HAED_MS", "1"}}),
              Texts{"PARLEY_LIMITS__HAED_MS: no such key; did you mean "
                    "\"PARLEY_LIMITS__HEAD_MS\""});
    EXPECT_EQ(warnings_with({{"PARLEY_server__listen", "1"}}),
              Texts{"PARLEY_server__listen: no such key; did you mean \"PARLEY_SERVER__LISTEN\""});
    EXPECT_EQ(warnings_with({{"PARLEY_CLIENT_KEY__BOB__KEYS", "1"}}),
              Texts{"PARLEY_CLIENT_KEY__BOB__KEYS: no such key; did you mean "
                    "\"PARLEY_CLIENT_KEY__BOB__KEY\""});
    EXPECT_EQ(warnings_with({{"PARLEY_PROVIDER__P__ACCOUNT__BOB__APIKEY", "1"}}),
              Texts{"PARLEY_PROVIDER__P__ACCOUNT__BOB__APIKEY: no such key; did you mean "
                    "\"PARLEY_PROVIDER__P__ACCOUNT__BOB__API_KEY\""});
    EXPECT_EQ(warnings_with({{"PARLEY_PROVIDER__P__ACCOUNT__BOB", "1"}}),
              Texts{"PARLEY_PROVIDER__P__ACCOUNT__BOB: no such key; did you mean "
                    "\"PARLEY_PROVIDER__P__ACCOUNT__BOB__API_KEY\""});
    EXPECT_EQ(warnings_with({{"PARLEY_PROVIDER__P__MODELS__A", "1"}}),
              Texts{"PARLEY_PROVIDER__P__MODELS__A: no such key; did you mean "
                    "\"PARLEY_PROVIDER__P__MODELS\""});
    for (const char* name : {"PARLEY_HUGE__WORD", "PARLEY___"}) {
        EXPECT_EQ(warnings_with({{name, "1"}}),
                  Texts{std::string(name) + ": no such key; expected PARLEY_<TABLE>__<KEY>"});
    }
    EXPECT_EQ(warnings_with({{"PARLEY_ROUTE__FAST__MODEL", "1"}}),
              Texts{"PARLEY_ROUTE__FAST__MODEL: cannot be set by a variable; set it in the file"});
    EXPECT_EQ(
        warnings_with({{"PARLEY_PROVIDER__P__NAME", "q"}}),
        Texts{"PARLEY_PROVIDER__P__NAME: tells a name, which the variable has in its own; set "
              "it in the file"});
}

TEST(Override, UnknownVariablesChangeNothing) {
    const Loaded loaded = with(
        {{"PARLEY_CLIENT_KEY__BOB__KEYS", "1"}, {"PARLEY_PROVIDER__P__ACCOUNT__A__LABEL", "1"}});
    EXPECT_TRUE(loaded.config.client_keys.empty());
    EXPECT_EQ(texts_of(loaded.faults), Texts{});
}

TEST(Override, OtherVariablesAreNobodysBusiness) {
    config_with({{"PARLEY_CONFIG", "/etc/parley.toml"},
                 {"PARLEY_STATE", "/s"},
                 {"PARLEY_", "x"},
                 {"PARLEY", "x"},
                 {"PARLEYS__LISTEN", "x"},
                 {"SERVER__LISTEN", "x"}});
}

TEST(Override, EveryKeyHasAVariable) {
    for (const Table& table : tables()) {
        if (table.path.empty() || table.is_repeated) continue;
        for (const Key& key : table.keys) {
            const std::string name =
                "PARLEY_" + variable_form(table.path) + "__" + variable_form(key.name);
            const Loaded loaded = with({{name, "\x01"}});
            EXPECT_EQ(texts_of(loaded.warnings), Texts{}) << name;
        }
    }
}

TEST(Override, NamesInVariables) {
    EXPECT_EQ(variable_form("my-team.2"), "MY_TEAM_2");
    EXPECT_EQ(variable_form("a--b_"), "A_B");
    EXPECT_EQ(variable_form("-"), "");
}

}  // namespace
}  // namespace parley::config
