// fault_test.cpp: each kind of fault with its exact words and place.
#include "faults.hpp"

namespace parley::config {
namespace {

TEST(Fault, UnknownKeys) {
    EXPECT_EQ(faults_in("[server]\n  lisen = ['1']\n"),
              Texts{"p.toml:2:3: server.lisen: unknown key; did you mean \"listen\""});
    EXPECT_EQ(faults_in("[log]\nheight = 1\n"),
              Texts{"p.toml:2:1: log.height: unknown key; known: level, format, exchanges"});
    EXPECT_EQ(faults_in("[server]\nbody_bytes_max = 1\n"),
              Texts{"p.toml:2:1: server.body_bytes_max: unknown key; it belongs to [limits]"});
    EXPECT_EQ(faults_in("[server]\nstate_folder = '/s'\n"),
              Texts{"p.toml:2:1: server.state_folder: unknown key; it belongs before the first "
                    "table"});
    EXPECT_EQ(faults_in("listen = ['1']\n"),
              Texts{"p.toml:1:1: listen: unknown key; it belongs to [server]"});
    EXPECT_EQ(faults_in("[sever]\nlisten = ['1']\n"),
              Texts{"p.toml:1:2: sever: unknown key; did you mean \"server\""});
    EXPECT_EQ(faults_in("[[providers]]\nname = 'a'\n"),
              Texts{"p.toml:1:3: providers: unknown key; did you mean \"provider\""});
    EXPECT_EQ(faults_in("[[client_key]]\nname = 'a'\nkey = 'k'\nkeys = 'k'\n"),
              Texts{"p.toml:4:1: client_key[0].keys: unknown key; did you mean \"key\""});
    EXPECT_EQ(faults_in("[[provider]]\nname='p'\n[[provider.account]]\nkey='k'\napi_key='k'\n"),
              Texts{"p.toml:4:1: provider[0].account[0].key: unknown key; did you mean "
                    "\"api_key\""});
}

TEST(Fault, TraitsOfModelsHaveTheirForms) {
    const std::string_view all = R"([[model]]
names = ["m"]
sampling_ok = "no"
prefill = 1
max_output = "8192"
context = -1
effort_levels = ["low", "extreme"]
reasoning = false
server_tools = "web_search"
someone_elses = { any = "thing" }
)";
    EXPECT_EQ(faults_in(all),
              (Texts{"p.toml:3:15: model[0].sampling_ok: expected true or false, got \"no\"",
                     "p.toml:4:11: model[0].prefill: expected true or false, got 1",
                     "p.toml:5:14: model[0].max_output: expected a whole number, 0 or more, got "
                     "\"8192\"",
                     "p.toml:6:11: model[0].context: expected a whole number, 0 or more, got -1",
                     "p.toml:7:17: model[0].effort_levels: expected an array of none, minimal, "
                     "low, medium, high, xhigh, max, got [\"low\",\"extreme\"]",
                     "p.toml:8:13: model[0].reasoning: expected a string, got false",
                     "p.toml:9:16: model[0].server_tools: expected an array of strings, got "
                     "\"web_search\""}));
}

TEST(Fault, WrongTypes) {
    EXPECT_EQ(faults_in("[log]\nexchanges = 'yes'\n"),
              Texts{"p.toml:2:13: log.exchanges: expected true or false, got \"yes\""});
    EXPECT_EQ(faults_in("[server]\nthreads = 'many'\n"),
              Texts{"p.toml:2:11: server.threads: expected an integer from 0 to 1024, got "
                    "\"many\""});
    EXPECT_EQ(faults_in("[server]\nthreads = 1.5\n"),
              Texts{"p.toml:2:11: server.threads: expected an integer from 0 to 1024, got a "
                    "float"});
    EXPECT_EQ(faults_in("[server]\ntls_key = 1\ntls_certificate = true\n"),
              (Texts{"p.toml:2:11: server.tls_key: expected a path, got 1",
                     "p.toml:3:19: server.tls_certificate: expected a path, got true"}));
    EXPECT_EQ(faults_in("[plugins]\nfolders = '/a'\n"),
              Texts{"p.toml:2:11: plugins.folders: expected an array of paths, got \"/a\""});
    EXPECT_EQ(faults_in("[plugins]\nfolders = [ '/a', 2024-01-01, '' ]\n"),
              (Texts{"p.toml:2:19: plugins.folders[1]: expected a string that is not empty, got a "
                     "date or time",
                     "p.toml:2:31: plugins.folders[2]: expected a string that is not empty, got "
                     "\"\""}));
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\nmodels = [[]]\nplugin = {}\n"),
              (Texts{"p.toml:3:11: provider[0].models[0]: expected a string that is not empty, got "
                     "an array",
                     "p.toml:4:10: provider[0].plugin: expected a string, got a table"}));
}

TEST(Fault, TablesOfTheWrongKind) {
    EXPECT_EQ(faults_in("server = 5\n"),
              Texts{"p.toml:1:10: server: expected a table that begins with [server], got 5"});
    EXPECT_EQ(faults_in("[[server]]\n"),
              Texts{"p.toml:1:1: server: expected a table that begins with [server], got an "
                    "array"});
    EXPECT_EQ(faults_in("[provider]\nname = 'a'\n"),
              Texts{"p.toml:1:1: provider: expected tables that begin with [[provider]], got a "
                    "table"});
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n[provider.account]\napi_key = 'k'\n"),
              Texts{"p.toml:3:1: provider[0].account: expected tables that begin with "
                    "[[provider.account]], got a table"});
    EXPECT_EQ(faults_in("client_key = [1]\n"),
              Texts{"p.toml:1:15: client_key[0]: expected a table, got 1"});
}

TEST(Fault, NumbersOutOfRange) {
    EXPECT_EQ(faults_in("[server]\nthreads = 1025\n"),
              Texts{"p.toml:2:11: server.threads: expected an integer from 0 to 1024, got 1025"});
    EXPECT_EQ(faults_in("[server]\nthreads = -1\n"),
              Texts{"p.toml:2:11: server.threads: expected an integer from 0 to 1024, got -1"});
    const std::string duration =
        ": expected a duration from 1ms to 1h, such as 250 (milliseconds), \"250ms\", \"10s\", "
        "\"5m\" or \"1h\", got ";
    EXPECT_EQ(faults_in("[limits]\nhead_ms = 0\n"),
              Texts{"p.toml:2:11: limits.head_ms" + duration + "0"});
    EXPECT_EQ(faults_in("[limits]\nhead_ms = '61m'\n"),
              Texts{"p.toml:2:11: limits.head_ms" + duration + "\"61m\""});
    EXPECT_EQ(faults_in("[limits]\nhead_ms = '1 s'\n"),
              Texts{"p.toml:2:11: limits.head_ms" + duration + "\"1 s\""});
    EXPECT_EQ(faults_in("[limits]\nhead_ms = 0.5\n"),
              Texts{"p.toml:2:11: limits.head_ms" + duration + "a float"});
    const std::string size =
        ": expected a size from 1KiB to 16MiB, such as 65536, \"64KiB\" or \"10MiB\", got ";
    EXPECT_EQ(faults_in("[limits]\nhead_bytes_max = 1023\n"),
              Texts{"p.toml:2:18: limits.head_bytes_max" + size + "1023"});
    EXPECT_EQ(faults_in("[limits]\nhead_bytes_max = '17MiB'\n"),
              Texts{"p.toml:2:18: limits.head_bytes_max" + size + "\"17MiB\""});
    EXPECT_EQ(faults_in("[limits]\nhead_bytes_max = '64K'\n"),
              Texts{"p.toml:2:18: limits.head_bytes_max" + size + "\"64K\""});
    EXPECT_EQ(faults_in("[limits]\nhead_bytes_max = '10s'\n"),
              Texts{"p.toml:2:18: limits.head_bytes_max" + size + "\"10s\""});
}

TEST(Fault, SecretsOfAnAccount) {
    const std::string account = "[[provider]]\nname = 'a'\n[[provider.account]]\n";
    EXPECT_EQ(faults_in(account + "api_key = 'k'\nsecret = '{}'\n"),
              Texts{"p.toml:5:10: provider[0].account[0].secret: given beside api_key; expected "
                    "one of the two"});
    EXPECT_EQ(faults_in(account + "secret_file = '/nowhere/key.json'\n"),
              Texts{"p.toml:4:15: provider[0].account[0].secret_file: cannot be read: "
                    "/nowhere/key.json"});
    EXPECT_EQ(faults_in(account + "secret_file = '/dev/null'\n"),
              Texts{"p.toml:4:15: provider[0].account[0].secret_file: empty; expected the secret"});
    EXPECT_EQ(faults_in(account + "secret_file = '/dev/zero'\n"),
              Texts{"p.toml:4:15: provider[0].account[0].secret_file: over "
                    "accounts.secret_file_bytes_max"});
    EXPECT_EQ(faults_in(account + "secret = ''\n"),
              Texts{"p.toml:4:10: provider[0].account[0].secret: empty; expected the secret"});
}

TEST(Fault, MissingKeys) {
    EXPECT_EQ(faults_in("\n[[client_key]]\n"),
              (Texts{"p.toml:2:1: client_key[0].name: required, but missing; expected a name of "
                     "letters, digits and . _ - @ +",
                     "p.toml:2:1: client_key[0].key: required, but missing; expected a string, or "
                     "key_hash"}));
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n  [[provider.account]]\n"),
              Texts{"p.toml:3:3: provider[0].account[0].api_key: required, but missing; expected "
                    "api_key, secret or secret_file"});
    EXPECT_EQ(faults_in("[[provider]]\n"),
              Texts{"p.toml:1:1: provider[0].name: required, but missing; expected a name of "
                    "letters, digits and . _ - @ +"});
    EXPECT_EQ(faults_in("[[route]]\n"),
              (Texts{"p.toml:1:1: route[0].model: required, but missing; expected a string",
                     "p.toml:1:1: route[0].targets: required, but missing; expected tables such as "
                     "{ provider = \"...\", model = \"...\" }"}));
    EXPECT_EQ(faults_in("[[route]]\nmodel = ''\ntargets = []\n"),
              (Texts{"p.toml:2:9: route[0].model: empty; expected a string that is not",
                     "p.toml:3:11: route[0].targets: empty; expected tables such as { provider = "
                     "\"...\", model = \"...\" }"}));
}

TEST(Fault, Names) {
    const std::string expected = "expected a name of letters, digits and . _ - @ +, got ";
    for (const char* bad : {"", "a b", "a/b", "..", "-a", "\xC3\xA9", "a:b"}) {
        EXPECT_EQ(faults_in(std::string("[[provider]]\nname = '") + bad + "'\n"),
                  Texts{"p.toml:2:8: provider[0].name: " + expected + "\"" + bad + "\""});
    }
}

TEST(Fault, Duplicates) {
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n[[provider]]\nname = 'b'\n"
                        "[[provider]]\nname = 'a'\n"),
              Texts{"p.toml:6:8: provider[2].name: \"a\" is already taken by provider[0].name "
                    "(line 2); expected another one"});
    EXPECT_EQ(faults_in("[[client_key]]\nname = 'a'\nkey = '1'\n"
                        "[[client_key]]\nname = 'a'\nkey = '2'\n"),
              Texts{"p.toml:5:8: client_key[1].name: \"a\" is already taken by client_key[0].name "
                    "(line 2); expected another one"});
    EXPECT_EQ(faults_in("[[client_key]]\nname = 'a'\nkey = '1'\n"
                        "[[client_key]]\nname = 'b'\nkey = '1'\n"),
              Texts{"p.toml:6:7: client_key[1].key: the same as client_key[0].key (line 3); "
                    "expected another one"});
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n[[provider.account]]\napi_key = '1'\n"
                        "[[provider.account]]\napi_key = '2'\n"
                        "[[provider]]\nname = 'b'\n[[provider.account]]\napi_key = '1'\n"),
              Texts{"p.toml:5:1: provider[0].account[1].label: \"main\" is already taken by "
                    "provider[0].account[0].label (line 3); expected another one"});
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n"
                        "[[route]]\nmodel = 'm'\ntargets = [{provider = 'a'}]\n"
                        "[[route]]\nmodel = 'm'\ntargets = [{provider = 'a'}]\n"),
              Texts{"p.toml:7:9: route[1].model: \"m\" is already taken by route[0].model (line "
                    "4); expected another one"});
}

TEST(Fault, RoutesToUnknownProviders) {
    EXPECT_EQ(faults_in("[[provider]]\nname = 'exmaple'\n"
                        "[[route]]\nmodel = 'm'\ntargets = [{ provider = 'example' }]\n"),
              Texts{"p.toml:5:25: route[0].targets[0].provider: no provider has the name "
                    "\"example\"; did you mean \"exmaple\""});
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n[[provider]]\nname = 'b'\n"
                        "[[route]]\nmodel = 'm'\n[[route.targets]]\nprovider = 'xyz'\nmodel = 1\n"),
              (Texts{"p.toml:8:12: route[0].targets[0].provider: no provider has the name "
                     "\"xyz\"; known: a, b",
                     "p.toml:9:9: route[0].targets[0].model: expected a string, got 1"}));
    EXPECT_EQ(faults_in("[[route]]\nmodel = 'm'\ntargets = [{ provider = 'a' }]\n"),
              Texts{"p.toml:3:25: route[0].targets[0].provider: no provider has the name \"a\"; "
                    "none is known here"});
}

TEST(Fault, Choices) {
    EXPECT_EQ(faults_in("[log]\nlevel = 'warning'\nformat = 'xml'\n"),
              (Texts{"p.toml:2:9: log.level: expected one of \"debug\", \"info\", \"warn\", "
                     "\"error\", got \"warning\"; did you mean \"warn\"",
                     "p.toml:3:10: log.format: expected one of \"text\", \"json\", got \"xml\""}));
    EXPECT_EQ(faults_in("[log]\nlevel = 'Info'\n"),
              Texts{"p.toml:2:9: log.level: expected one of \"debug\", \"info\", \"warn\", "
                    "\"error\", got \"Info\"; did you mean \"info\""});
}

TEST(Fault, Addresses) {
    EXPECT_EQ(faults_in("[server]\nlisten = ['1', 'host', '::1:80', 8317]\n"),
              (Texts{"p.toml:2:16: server.listen[1]: expected an address such as "
                     "\"127.0.0.1:8317\", \"[::1]:8317\" or \"8317\", got \"host\"",
                     "p.toml:2:24: server.listen[2]: expected an address such as "
                     "\"127.0.0.1:8317\", \"[::1]:8317\" or \"8317\", got \"::1:80\"",
                     "p.toml:2:34: server.listen[3]: expected an address such as "
                     "\"127.0.0.1:8317\", \"[::1]:8317\" or \"8317\", got 8317"}));
    EXPECT_EQ(faults_in("[server]\nlisten = '1'\n"),
              Texts{"p.toml:2:10: server.listen: expected an array of addresses such as "
                    "[\"127.0.0.1:8317\"], \"[::1]:8317\" or \"8317\", got \"1\""});
    EXPECT_EQ(faults_in("[server]\nlisten = []\n"),
              Texts{"p.toml:2:10: server.listen: empty; expected an array of addresses such as "
                    "[\"127.0.0.1:8317\"], \"[::1]:8317\" or \"8317\""});
}

TEST(Fault, Origins) {
    for (const char* bad : {"",
                            "example.com",
                            "https://",
                            "ftp://a",
                            "https://a/",
                            "https://a/b",
                            "https://a?b",
                            "https://u@a",
                            "https://a#b",
                            "**"}) {
        EXPECT_EQ(faults_in(std::string("[server]\ncors_origins = ['") + bad + "']\n").size(), 1u)
            << bad;
    }
    EXPECT_EQ(faults_in("[server]\ncors_origins = ['https://a/']\n"),
              Texts{"p.toml:2:17: server.cors_origins[0]: expected an origin such as "
                    "\"https://chat.example.com\", or \"*\", got \"https://a/\""});
}

TEST(Fault, TlsPair) {
    EXPECT_EQ(faults_in("[server]\ntls_key = 'k'\n"),
              Texts{"p.toml:2:11: server.tls_key: given without tls_certificate; give both or "
                    "neither"});
    EXPECT_EQ(faults_in("[server]\ntls_certificate = 'c'\n"),
              Texts{"p.toml:2:19: server.tls_certificate: given without tls_key; give both or "
                    "neither"});
}

TEST(Fault, Paths) {
    EXPECT_EQ(
        texts_of(load_text("state_folder = '~/s'\n[plugins]\nfolders = ['$HOME/p']\n", "p.toml", {})
                     .faults),
        (Texts{"p.toml:1:16: state_folder: names the home folder, but HOME is not set",
               "p.toml:3:12: plugins.folders[0]: names the home folder, but HOME is not "
               "set"}));
}

TEST(Fault, Secrets) {
    const auto of_key = [](const std::string& value) {
        return faults_in("[[client_key]]\nname = 'a'\nkey = " + value + "\n",
                         {{{"EMPTY", ""}, {"LINE", "a\n"}}});
    };
    const std::string at = "p.toml:3:7: client_key[0].key: ";
    EXPECT_EQ(of_key("''"), Texts{at + "empty; expected the secret"});
    EXPECT_EQ(of_key("123"), Texts{at + "expected a string, got an integer"});
    EXPECT_EQ(of_key("['k']"), Texts{at + "expected a string, got an array"});
    EXPECT_EQ(of_key("'$NONE'"),
              Texts{at + "environment variable NONE is not set; set it, or put it into .env beside "
                         "the configuration file"});
    EXPECT_EQ(of_key("'${EMPTY}'"),
              Texts{at + "environment variable EMPTY is empty; expected the secret"});
    EXPECT_EQ(of_key("'$LINE'"),
              Texts{at + "environment variable LINE is not fit for a header: it has a space at an "
                         "end, or a control character"});
    EXPECT_EQ(of_key("' k'"),
              Texts{at + "not fit for a header: it has a space at an end, or a "
                         "control character"});
    EXPECT_EQ(of_key("'$NO-NAME'"),
              Texts{at + "begins with $ but is neither \"$NAME\" nor \"${NAME}\"; write $$ for a $ "
                         "that is part of the secret"});
    EXPECT_EQ(faults_in("[[provider]]\nname = 'a'\n[[provider.account]]\napi_key = ''\n"),
              Texts{"p.toml:4:11: provider[0].account[0].api_key: empty; expected the secret"});
}

TEST(Fault, Settings) {
    EXPECT_EQ(
        faults_in("[[provider]]\nname = 'a'\nday = 2024-01-01\ndeep = { x = ['$NONE', nan] }\n"),
        (Texts{"p.toml:3:7: provider[0].day: expected a string, got a date or time; put it "
               "into quotes",
               "p.toml:4:15: provider[0].deep.x[0]: environment variable NONE is not set; set "
               "it, put it into .env beside the configuration file, or write $$ for a $ of "
               "its own",
               "p.toml:4:24: provider[0].deep.x[1]: expected a finite number"}));
    std::string deep = "[[provider]]\nname = 'a'\nx = ";
    for (int i = 0; i < 40; ++i) deep += '[';
    for (int i = 0; i < 40; ++i) deep += ']';
    const Texts faults = faults_in(deep);
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_TRUE(faults[0].ends_with("nested too deeply; expected 30 levels at most"));
}

TEST(Fault, SyntaxErrorsStandAlone) {
    EXPECT_EQ(faults_in("[server]\nthreads = 9999\nlisten = [\n"),
              Texts{"p.toml:3:12: error while parsing array: encountered end-of-file"});
    EXPECT_EQ(faults_in("a = 1\na = 2\n"),
              Texts{"p.toml:2:5: error while parsing key-value pair: cannot redefine existing "
                    "integer 'a'"});
    EXPECT_EQ(faults_in("key = sk-secret\n"),
              Texts{"p.toml:1:7: error while parsing value: could not determine value type"});
}

TEST(Fault, AllAtOnceInTheOrderOfTheFile) {
    const std::string levels = "expected one of \"debug\", \"info\", \"warn\", \"error\"";
    const std::string durations =
        ", such as 250 (milliseconds), \"250ms\", \"10s\", \"5m\" or \"1h\"";
    const std::string target = "p.toml:5:25: route[0].targets[0].provider: ";
    const std::string key = "p.toml:11:7: client_key[0].key: environment variable NONE is not set";
    const Texts expected{
        "p.toml:2:9: log.level: " + levels + ", got \"loud\"",
        target + "no provider has the name \"nobody\"; none is known here",
        "p.toml:7:1: server.listn: unknown key; did you mean \"listen\"",
        "p.toml:8:11: server.threads: expected an integer from 0 to 1024, got -1",
        key + "; set it, or put it into .env beside the configuration file",
        "p.toml:13:11: limits.head_ms: expected a duration from 1ms to 1h" + durations +
            ", got \"soon\"",
        "PARLEY_LIMITS__IDLE_MS: limits.idle_ms: expected a duration from 1ms to 24h" + durations +
            ", got \"later\"",
    };
    EXPECT_EQ(faults_in(R"([log]
level = "loud"
[[route]]
model = "m"
targets = [{ provider = "nobody" }]
[server]
listn = []
threads = -1
[[client_key]]
name = "a"
key = "$NONE"
[limits]
head_ms = "soon"
)",
                        {{{"PARLEY_LIMITS__IDLE_MS", "later"}}}),
              expected);
}

TEST(Fault, TextIsOneLine) {
    EXPECT_EQ((Fault{{3, 4}, "a", "b"}.text("f")), "f:3:4: a: b");
    EXPECT_EQ((Fault{{}, "a", "b"}.text("f")), "f: a: b");
    EXPECT_EQ((Fault{{}, "", "b"}.text("")), "configuration: b");
    EXPECT_EQ((Fault{{}, "a", "b", "VARIABLE"}.text("f")), "VARIABLE: a: b");
    EXPECT_EQ((Fault{{1, 1}, "a\nb", "c"}.text("f")), "f:1:1: a b: c");
    EXPECT_EQ(
        faults_in("\"two\\nlines\" = 1\n"),
        Texts{"p.toml:1:1: two lines: unknown key; known: state_folder, seal_key, models_file, "
              "server, log, plugins, limits, stash, failover, lessons, upstream, routing, "
              "accounts, supervisor, reload, store, observers, client_key, provider, filter, "
              "observer, route, model"});
}

}  // namespace
}  // namespace parley::config
