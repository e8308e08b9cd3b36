// What differs between two configurations is said in words, and no secret is among them.
#include "config/changes.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "faults.hpp"

namespace parley::config {
namespace {

Config read(std::string_view text) {
    const Loaded loaded = load_text(text, "p.toml", {{{"HOME", "/h"}}});
    EXPECT_EQ(texts_of(loaded.faults), std::vector<std::string>());
    return loaded.config;
}

std::vector<std::string> between(std::string_view before, std::string_view after) {
    return changes(read(before), read(after));
}

using Lines = std::vector<std::string>;

TEST(Changes, OfKeysWithTheirValues) {
    EXPECT_EQ(between("[limits]\nhead_ms = '10s'\n[log]\nexchanges = false\n",
                      "[limits]\nhead_ms = '20s'\nbody_bytes_max = '1MiB'\n"),
              (Lines{R"(log.exchanges: false -> true)",
                     R"(limits.body_bytes_max: "64MiB" -> "1MiB")",
                     R"(limits.head_ms: "10s" -> "20s")"}));
    EXPECT_EQ(between("", "[server]\nlisten = ['127.0.0.1:1', '[::1]:1']\n"),
              (Lines{R"(server.listen: ["127.0.0.1:8317"] -> ["127.0.0.1:1", "[::1]:1"])"}));
    EXPECT_EQ(between("# a\n", "# b\n"), Lines());
}

TEST(Changes, OfRowsByTheirNames) {
    const std::string_view before =
        "[[provider]]\nname = 'a'\n[[provider.account]]\nlabel = 'x'\napi_key = 'k1'\n"
        "[[provider.account]]\nlabel = 'y'\napi_key = 'k2'\n[[provider]]\nname = 'b'\n"
        "[[route]]\nmodel = 'm'\ntargets = [{ provider = 'b', model = '1' }]\n";
    const std::string_view after =
        "[[provider]]\nname = 'a'\nbase_url = 'u'\n[[provider.account]]\nlabel = 'y'\n"
        "api_key = 'k2'\nweight = 2\n[[provider.account]]\nlabel = 'z'\napi_key = 'k3'\n"
        "[[provider]]\nname = 'b'\n"
        "[[route]]\nmodel = 'm'\ntargets = [{ provider = 'b', model = '2' }]\n"
        "[[client_key]]\nname = 'c'\nkey = 'k'\n";
    EXPECT_EQ(between(before, after),
              (Lines{R"(client_key "c": added)",
                     R"(provider "a".base_url: set)",
                     R"(provider "a".account "y".weight: 1 -> 2)",
                     R"(provider "a".account "z": added)",
                     R"(provider "a".account "x": removed)",
                     R"(route "m".targets: changed)"}));
    EXPECT_EQ(between(after, before).size(), 6u);
}

TEST(Changes, OfTheFilesThatAreNamed) {
    char folder[] = "/tmp/parley-changes-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    const std::string models = std::string(folder) + "/models.toml";
    const auto put = [&](std::string_view text) { std::ofstream(models) << text; };
    const Config config = read("models_file = '" + models + "'\nupstream.ca_file = '/nowhere'\n");
    put("# a\n");
    const Contents before = contents_of(config);
    EXPECT_EQ(changes(before, contents_of(config)), Lines());
    put("# b\n");
    EXPECT_EQ(changes(before, contents_of(config)), (Lines{"file \"" + models + "\": changed"}));
    EXPECT_EQ(changes(Contents(), contents_of(config)), Lines()) << "which the keys tell";
    std::filesystem::remove_all(folder);
}

TEST(Changes, NeverTellASecret) {
    const auto file = [](std::string_view secret) {
        std::string text =
            "seal_key = '@'\n[[client_key]]\nname = 'c'\nkey = '@'\n"
            "[[provider]]\nname = 'p'\ntoken = '@'\n"
            "[[provider.account]]\nlabel = 'a'\napi_key = '@'\n"
            "headers = ['x-key: @']\n"
            "[[provider.account]]\nlabel = 'b'\nsecret = '@.'\n";
        for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
            text.replace(at, 1, secret);
        }
        return text;
    };
    const Lines lines = between(file("planted-one"), file("planted-two"));
    EXPECT_EQ(lines,
              (Lines{"seal_key: changed",
                     R"(client_key "c".key: changed)",
                     R"(provider "p".token: changed)",
                     R"(provider "p".account "a".api_key: changed)",
                     R"(provider "p".account "a".headers: changed)",
                     R"(provider "p".account "b".secret: changed)"}));
}

TEST(Changes, KnowWhatNeedsARestart) {
    EXPECT_EQ(changes_for_a_restart(read("[server]\nthreads = 2\n"),
                                    read("[server]\nthreads = 4\n[limits]\nhead_ms = 1000\n")),
              (Lines{"server.threads: 2 -> 4"}));
    EXPECT_EQ(changes_for_a_restart(read("[store]\nfolder = '/a'\n"),
                                    read("[store]\nfolder = '/b'\nplugin = 'store-git'\n")),
              (Lines{R"(store.plugin: "store-file" -> "store-git")", "store.folder: changed"}));
}

}  // namespace
}  // namespace parley::config
