// check_test.cpp: `parley plugin check`: the bundled plugins pass it, and each broken plugin fails
// the check that is about its fault, and no other.
//
// PARLEY_CHECKED_PLUGINS=FILE.so[:FILE.so] checks those instead of the bundled ones.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "check/report.hpp"

namespace parley::check {
namespace {

std::vector<std::string> plugins_to_check() {
    std::vector<std::string> files;
    if (const char* given = std::getenv("PARLEY_CHECKED_PLUGINS")) {
        std::istringstream list(given);
        for (std::string file; std::getline(list, file, ':');) files.push_back(file);
        return files;
    }
    for (const auto& entry : std::filesystem::directory_iterator(PARLEY_BUNDLED_PLUGINS)) {
        if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string told(const Report& report, Verdict least) {
    std::ostringstream out;
    for (const Row& row : report.rows) {
        if (row.outcome.verdict >= least) print(row, out);
    }
    return out.str();
}

class Bundled : public testing::TestWithParam<std::string> {};

// Those that cannot work as they are by default.
boost::json::object settings_of(const std::string& file) {
    if (file.ends_with("/store-file.so")) {
        return {{"folder", testing::TempDir() + "/parley-check-store-" + std::to_string(getpid())}};
    }
    return {};
}

TEST_P(Bundled, PassesEveryCheck) {
    Subject subject;
    subject.path = GetParam();
    subject.settings = settings_of(GetParam());
    const auto report = run(subject);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->count(Verdict::failed), 0u) << told(*report, Verdict::failed);
    EXPECT_GE(report->count(Verdict::passed), 16u) << told(*report, Verdict::skipped);
    for (const Row& row : report->rows) {
        const bool is_of_build = row.id == "A7" || row.id == "A9" || row.id == "A10";
        EXPECT_TRUE(row.outcome.verdict != Verdict::warned || is_of_build)
            << row.id << ": " << row.outcome.text;
    }
    for (const auto& [name, value] : subject.settings) {
        std::filesystem::remove_all(std::string(value.as_string()));
    }
}

std::string name_of_file(const testing::TestParamInfo<std::string>& plugin) {
    std::string name = std::filesystem::path(plugin.param).stem().string();
    const auto is_odd = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; };
    std::replace_if(name.begin(), name.end(), is_odd, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Plugin, Bundled, testing::ValuesIn(plugins_to_check()), name_of_file);

struct Fault {
    const char* plugin;
    const char* check;      // empty: none
    const char* words;      // of what was found
    const char* only = "";  // a check that stands for the rest, where all of them would take long
    const char* place = nullptr;  // its setting, where it is tried only when it is told one
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.plugin;
}

// Where a store may work; others know no such setting.
class StoreFolder {
public:
    explicit StoreFolder(Subject& subject)
        : path_(testing::TempDir() + "/parley-broken-store-" + std::to_string(getpid())) {
        std::filesystem::create_directories(path_);
        subject.settings["folder"] = path_;
    }

    StoreFolder(const StoreFolder&) = delete;
    StoreFolder& operator=(const StoreFolder&) = delete;

    ~StoreFolder() { std::filesystem::remove_all(path_); }

private:
    std::string path_;
};

class Broken : public testing::TestWithParam<Fault> {};

TEST_P(Broken, FailsItsOwnCheckAndNoOther) {
    Subject subject;
    if (GetParam().place != nullptr) subject.settings["place"] = GetParam().place;
    subject.path = std::string(PARLEY_TEST_PLUGINS "/") + GetParam().plugin + ".so";
    subject.check_max = std::chrono::seconds(30);
    const StoreFolder folder(subject);
    std::vector<std::string> only;
    if (*GetParam().only != '\0') {
        only.emplace_back(GetParam().only);
        subject.check_max = std::chrono::seconds(5);
    }
    const auto report = run(subject, only);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    std::string failed;
    std::string found;
    for (const Row& row : report->rows) {
        if (row.outcome.verdict != Verdict::failed) continue;
        failed += (failed.empty() ? "" : " ") + row.id;
        found += row.outcome.text;
        EXPECT_FALSE(row.cure.empty());
    }
    EXPECT_EQ(failed, GetParam().check) << told(*report, Verdict::failed);
    EXPECT_NE(found.find(GetParam().words), std::string::npos) << found;
}

std::string name_of_fault(const testing::TestParamInfo<Fault>& fault) {
    return fault.param.plugin;
}

const Fault kByTheFile[] = {
    {"no_manifest", "A2", "none found"},
    {"abi_major", "A2", "built for 7.0"},
    {"abi_minor", "A2", "needs a host of 0.9"},
    {"no_entry", "A3", "no parley_plugin_v0"},
    {"extra_symbol", "A3", "leaked_function"},
    {"unique_alone", "A4", "GNU_UNIQUE"},
    {"nodelete", "A5", "DF_1_NODELETE"},
    {"static_tls", "A5", "DF_STATIC_TLS"},
    {"thread_atexit", "A6", "__cxa_thread_atexit"},
    {"text_relocation", "A8", "DF_TEXTREL"},
    {"exec_stack", "A8", "executable stack"},
    {"lazy", "A8", "BIND_NOW"},
    {"note_size", "A1", "wrong size"},
};
INSTANTIATE_TEST_SUITE_P(ByTheFile, Broken, testing::ValuesIn(kByTheFile), name_of_fault);

const Fault kByTheLoad[] = {
    {"undefined", "B1", "parley_test_nowhere"},
    {"thread", "B2", "started 1 thread"},
    {"signal", "B2", "signal 12"},
    {"INIT_OPENS", "B2", "left a file open: "},
    {"INIT_SETS_ENV", "B2", "environment"},
    {"entry_abi", "B3", "write the same in both"},
    {"table_null", "B3", "plan is missing"},
    {"component_alone", "B3", "PARLEY_COMPONENT_EXCLUSIVE is set"},
    {"component_schema", "C2", "unknown type"},
    {"DEFAULT_IS_NO_NUMBER", "C2", "tries"},
    {"INIT_ONCE", "B4", "fails with -21 after a deinit"},
    {"COMPONENT_WITHOUT_END", "B5", "index 1 of 1 gives something"},
    {"CREATE_STAYS", "B6", "it stays in memory"},
    {"CREATE_LEAKS_FILE", "B7", "files stay open"},
    {"CREATE_BELIEVES_ITSELF_ALONE", "B8", "the second one of the same file"},
    {"CREATE_ONE_MINOR", "B9", "refuses a newer host"},
    {"CRYPTO_IS_EXPECTED", "B9", "in plan of provider broken, under an older host"},
};
INSTANTIATE_TEST_SUITE_P(ByTheLoad, Broken, testing::ValuesIn(kByTheLoad), name_of_fault);

const Fault kByTheComponent[] = {
    {"sound_provider", "", ""},
    {"CREATE_EXITS", "C5", "exit status 3 in create of \"broken\""},
    {"CREATE_HANGS", "C5", "did not return within 5000 ms in create of \"broken\"", "C5"},
    {"CREATE_FILLS_ERROR", "C5", "crashed"},
    {"DESTROY_CRASHES", "C5", "in destroy of \"broken\""},
    {"COMPONENT_IS_ANOTHER", "C1", "another one the second time"},
    {"CREATE_ASKS", "C3", "asks the host for more than its log"},
    {"CONFIGURE_SAYS_NOTHING", "C4", "refuses settings without saying why"},
    {"HOST_IS_KEPT", "C6", "wall_ms: called after the end of the instance whose host it was"},
    {"METRIC_IS_LATE", "C6", "define: called on a loop's thread"},
    {"METRIC_IS_NONE", "C6", "record: with a handle that define never gave"},
    {"SECRET_IS_LOGGED", "C8", "secret stands in it"},
    {"PLAN_TRUSTS_ARENA", "C9", "plan when the arena ends"},
    {"SECRET_IN_TARGET", "E1", "stands in the URL"},
    {"SECRET_NOT_MARKED", "E1", "without PARLEY_HEADER_SECRET"},
    {"CLASSIFY_WANTS_HEAD", "E2", "crashed"},
    {"PLAN_COUNTS", "E3", "another plan for the same request"},
    {"sound_login", "", ""},
    {"OP_FORGETS", "E4", "waits for nothing"},
    {"OP_NEVER_ENDS", "E4", "does not end within 500 steps"},
    {"OP_SAYS_NOTHING", "E4", "done without a result"},
    {"OP_PUBLISHES_TWICE", "E4", "published twice"},
    {"PARSE_REFUSES", "E5", "does not take what its own op published"},
    {"REDACT_SHOWS", "E5", "shows what it should blank"},
    {"sound_state", "", ""},
    {"SAVE_COUNTS", "G1", "other bytes the second time"},
    {"RESTORE_TRUSTS", "G2", "crashed"},
    {"sound_sole", "", ""},
    {"BEGINS_ONCE", "G4", "is not active again when its successor ends: activate: once was enough"},
    {"PICK_OUT_OF_RANGE", "J1", "candidates"},
    {"OBSERVE_WANTS_USAGE", "K1", "crashed"},
    {"FILTER_SWALLOWS", "D12", "swallows an event"},
    {"FILTER_REPEATS", "D12", "behind the terminal one"},
};
INSTANTIATE_TEST_SUITE_P(ByTheComponent, Broken, testing::ValuesIn(kByTheComponent), name_of_fault);

const Fault kByTheDialect[] = {
    {"sound_dialect", "", ""},
    {"REQUEST_LOSES_TEXT", "D1", "comes back changed"},
    {"DECODE_DROPS_CUT", "D2", "one by one"},
    {"DECODE_ALWAYS_FINISHES", "D3", "FINISH after"},
    {"DECODE_GOES_ON", "D4", "after the terminal event"},
    {"ENCODE_SHORTENS", "D5", "does not read what encode wrote"},
    {"ENCODE_WRITES_UNKNOWN", "D6", "which nobody knows"},
    {"TAP_BELIEVES", "D7", "COMPLETE for what is no reply"},
    {"REQUEST_OVERREAD", "D7", "crashed"},
    {"REQUEST_COUNTS", "D10", "other bytes the second time"},
    {"ERROR_CRASHES", "D11", "crashed with SIG"},
    {"NEWEST_KNOWS_ALL", "G3", "streams read otherwise while"},
    {"DECODE_WALKS_HISTORY", "H2", "as long as its beginning"},
};
INSTANTIATE_TEST_SUITE_P(ByTheDialect, Broken, testing::ValuesIn(kByTheDialect), name_of_fault);

const Fault kByTheStore[] = {
    {"sound_read_only", "", "", "", "here"},
    {"READ_ONLY_TAKES_WRITES", "F1", "a write is not FORBIDDEN", "", "here"},
    {"READ_ONLY_LISTS_ANOTHER", "F1", "another document than list told", "", "here"},
    {"READ_ONLY_TELLS_OF_NOTHING", "F3", "where nothing was written", "", "here"},
    {"sound_store", "", ""},
    {"PUT_ASKS_FOR_NO_REVISION", "F1", "an old revision is no conflict"},
    {"PUT_IS_WRITTEN_LATER", "F2", "after a kill"},
    {"POLL_FORGETS_REMOVALS", "F3", "does not tell of writes that returned before"},
    {"LEASE_IS_FOR_ALL", "F4", "given to two owners at a time"},
    {"LIST_SKIPS", "F5", "documents of 250"},
};
INSTANTIATE_TEST_SUITE_P(ByTheStore, Broken, testing::ValuesIn(kByTheStore), name_of_fault);

// A repository that Parley reads and others write.
TEST(ReadOnlyStore, IsCheckedAsOne) {
    const std::string place = testing::TempDir() + "/parley-check-git-" + std::to_string(getpid());
    const std::string made =
        "mkdir -p '" + place + "/account/acme' && cd '" + place +
        "' && git init -q -b main . && echo '{\"secret\":\"s\"}' > account/acme/me.json && "
        "git add -A && git -c user.name=S -c user.email=s@localhost commit -qm first";
    if (std::system("git --version > /dev/null") != 0) GTEST_SKIP() << "no git here";
    ASSERT_EQ(std::system(made.c_str()), 0);
    Subject subject;
    subject.path = PARLEY_BUNDLED_PLUGINS "/store-git.so";
    subject.settings = {{"remote", place}, {"path", place + "/clone"}, {"mode", "read-only"}};
    const std::vector<std::string> only{"F1", "F2", "F3", "F4", "F5"};
    const auto report = run(subject, only);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->count(Verdict::failed), 0u) << told(*report, Verdict::failed);
    for (const Row& row : report->rows) {
        if (row.id == "F1" || row.id == "F3" || row.id == "F5") {
            EXPECT_EQ(row.outcome.verdict, Verdict::passed) << row.id << ": " << row.outcome.text;
        }
        if (row.id == "F2") {
            EXPECT_EQ(row.outcome.text, "it is read-only");
        }
    }
    std::filesystem::remove_all(place);
}

// What warns, and does not fail. What the build of these tests itself brings does not count.
class Odd : public testing::TestWithParam<Fault> {};

TEST_P(Odd, WarnsOfItsOwnCheckAndFailsNone) {
    std::vector<std::string> only;
    if (*GetParam().only != '\0') only.emplace_back(GetParam().only);
    const auto warned_of = [](const std::string& plugin, const std::vector<std::string>& checks) {
        Subject subject;
        subject.path = PARLEY_TEST_PLUGINS "/" + plugin + ".so";
        const auto report = run(subject, checks);
        std::map<std::string, std::string> found;
        if (!report) return found;
        EXPECT_EQ(report->count(Verdict::failed), 0u) << told(*report, Verdict::failed);
        for (const Row& row : report->rows) {
            if (row.outcome.verdict == Verdict::warned) found[row.id] = row.outcome.text;
        }
        return found;
    };
    static const auto of_the_build = warned_of("sound_provider", {});
    auto warned = warned_of(GetParam().plugin, only);
    std::string others;
    for (const auto& [id, text] : warned) {
        const auto known = of_the_build.find(id);
        const bool is_news = known == of_the_build.end() || known->second != text;
        if (id != GetParam().check && is_news) others += id + ": " + text + '\n';
    }
    EXPECT_EQ(others, "");
    EXPECT_NE(warned[GetParam().check].find(GetParam().words), std::string::npos)
        << warned[GetParam().check];
}

const Fault kOdd[] = {
    {"needs_more", "A7", "libz.so"},
    {"tomorrow", "A9", "GLIBC 2.99", "A9"},  // the system of today does not load it, either
    {"IMPORTS_SYSTEM", "A10", "\"system\""},
    {"no_build_id", "A11", "no build id"},
    {"CREATE_PRINTS", "C7", "standard output"},
};
INSTANTIATE_TEST_SUITE_P(ByTheFile, Odd, testing::ValuesIn(kOdd), name_of_fault);

TEST(Checks, EachHasAPluginThatTripsIt) {
    std::set<std::string> tripped;
    const auto add = [&tripped](const auto& all) {
        for (const Fault& fault : all) tripped.insert(fault.check);
    };
    add(kByTheFile);
    add(kByTheLoad);
    add(kByTheComponent);
    add(kByTheDialect);
    add(kByTheStore);
    add(kOdd);
    for (const Check& check : checks())
        EXPECT_EQ(tripped.count(std::string(check.id)), 1u) << check.id;
}

TEST(Checks, AreThoseThatTheMistakesName) {
    std::ostringstream page;
    page << std::ifstream(PARLEY_SOURCE_DIR "/docs/ten-mistakes.md").rdbuf();
    const std::string text = page.str();
    const std::regex heading(R"(\n\*\*([0-9]+)\.[^(]*\(([A-Z0-9, ]+)\)\.\*\*)");
    const std::regex id("[A-Z][0-9]+");
    int count = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), heading), end; it != end; ++it) {
        EXPECT_EQ((*it)[1].str(), std::to_string(++count));
        const std::string ids = (*it)[2].str();
        for (std::sregex_iterator at(ids.begin(), ids.end(), id); at != end; ++at) {
            const auto all = checks();
            const bool is_there = std::any_of(
                all.begin(), all.end(), [&](const Check& check) { return check.id == at->str(); });
            EXPECT_TRUE(is_there) << at->str();
        }
    }
    EXPECT_EQ(count, 10);
}

TEST(Checks, AreDocumented) {
    std::ostringstream page;
    page << std::ifstream(PARLEY_SOURCE_DIR "/docs/checks.md").rdbuf();
    for (const Check& check : checks()) {
        const std::string row = "| " + std::string(check.id) + " | " + std::string(check.title) +
                                " | " + std::string(check.cure) + " |";
        EXPECT_NE(page.str().find(row), std::string::npos) << "docs/checks.md lacks: " << row;
    }
}

// Lines that are neither blank nor a comment, of all sources but the test.
int lines_of_code(const std::filesystem::path& folder) {
    const std::regex nothing(R"(\s*((//|/\*|\*).*)?)");
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const bool is_source = std::regex_match(name, std::regex(".*\\.([ch]|[ch]pp)"));
        if (!is_source || name.find("_test.") != name.npos) continue;
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) {
            if (!std::regex_match(line, nothing)) ++count;
        }
    }
    return count;
}

// Each is there to be read whole.
TEST(Examples, AreShort) {
    int examples = 0;
    for (const auto& entry : std::filesystem::directory_iterator(PARLEY_SOURCE_DIR "/plugins")) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("example-")) continue;
        ++examples;
        const int lines = lines_of_code(entry.path());
        EXPECT_GT(lines, 30) << name;
        EXPECT_LT(lines, 300) << name;
    }
    EXPECT_EQ(examples, 5);
}

TEST(Checks, AreToldToPrograms) {
    Subject subject;
    subject.path = PARLEY_TEST_PLUGINS "/SECRET_IN_TARGET.so";
    const std::vector<std::string> only{"E1"};
    const auto report = run(subject, only);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    const std::string json = to_json(*report);
    EXPECT_NE(json.find(R"("id":"E1")"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("failed":1)"), std::string::npos) << json;
    const std::string junit = to_junit(*report);
    EXPECT_NE(junit.find(R"(failures="1")"), std::string::npos) << junit;
    EXPECT_NE(junit.find("<failure message=\"provider &quot;broken&quot;: plan: "),
              std::string::npos)
        << junit;
}

TEST(Checks, SayWhatCannotBeRun) {
    Subject subject;
    subject.path = PARLEY_TEST_PLUGINS "/nowhere.so";
    EXPECT_FALSE(run(subject).has_value());
    subject.path = PARLEY_TEST_PLUGINS "/sound_provider.so";
    subject.settings["colour"] = "red";
    EXPECT_EQ(unknown_settings(subject), std::vector<std::string>{"colour"});
}

}  // namespace
}  // namespace parley::check
