// What a good plugin goes through: loaded, used, replaced, gone.
#include <csignal>
#include <cstdio>

#include <gtest/gtest.h>

#include "base/arena.hpp"
#include "fixture.hpp"
#include "parley/provider.h"

namespace parley::plugins {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::size_t kGrowthMax = std::size_t{256} * 1024;

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * 4096;
}

// An instance of the first component of a library.
class Instance {
public:
    explicit Instance(std::shared_ptr<Library> library)
        : library_(std::move(library)),
          component_(library_->components().at(0)),
          host_(std::make_shared<HostServices>(), std::string(component_.id)) {
        EXPECT_EQ(component_.record->create(host_.border(), &instance_, nullptr), PARLEY_OK);
    }

    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    ~Instance() { component_.record->destroy(instance_); }

    // How many plans it has made, this one included, and how many instances there were before it.
    std::uint32_t plan() {
        base::Arena arena(4096);
        parley_plan_ask ask{};
        ask.struct_size = sizeof(ask);
        parley_plan out{};
        out.struct_size = sizeof(out);
        const auto* table = static_cast<const parley_provider*>(component_.record->table);
        EXPECT_EQ(table->plan(instance_, &ask, arena.border(), &out, nullptr), PARLEY_OK);
        return out.connect_ms;
    }

private:
    std::shared_ptr<Library> library_;
    Component component_;
    HostTable host_;
    parley_instance* instance_ = nullptr;
};

class Loader : public PluginFolder {
protected:
    std::shared_ptr<Library> load(const std::string& name) {
        auto library = Library::load(put(name), options_);
        if (library.has_error()) {
            ADD_FAILURE() << library.error().message;
            return nullptr;
        }
        return *library;
    }
};

TEST_F(Loader, TakesAGoodPluginAndLetsItGo) {
    std::shared_ptr<Library> library = load("minimal");
    ASSERT_NE(library, nullptr);
    EXPECT_EQ(library->name(), "minimal.so");
    EXPECT_EQ(library->manifest().id, "dev.parley.test.minimal");
    EXPECT_EQ(library->sha256().size(), 64u);
    if (!kSanitized) {
        EXPECT_TRUE(library->warnings().empty());
    }
    ASSERT_EQ(library->components().size(), 1u);
    const Component& component = library->components()[0];
    EXPECT_EQ(component.id, "minimal");
    EXPECT_EQ(component.title, "a provider for tests");
    ASSERT_NE(component.kind, nullptr);
    EXPECT_EQ(component.kind->name, "provider");
    EXPECT_EQ(lines_, std::vector<std::string>{"dev.parley.test.minimal: init"});
    EXPECT_EQ(Instance(library).plan(), 1u);
    EXPECT_TRUE(unloaded_.empty());

    const std::string sha256 = library->sha256();
    library.reset();
    ASSERT_EQ(unloaded_.size(), 1u);
    EXPECT_TRUE(unloaded_[0].gone);
    EXPECT_EQ(unloaded_[0].pinned, "");
    EXPECT_EQ(unloaded_[0].name, "minimal.so");
    EXPECT_EQ(unloaded_[0].id, "dev.parley.test.minimal");
    EXPECT_EQ(unloaded_[0].sha256, sha256);
}

TEST_F(Loader, HasTwoGenerationsOfOneFileAtOnce) {
    std::shared_ptr<Library> old_one = load("minimal");
    ASSERT_NE(old_one, nullptr);
    auto first = std::make_unique<Instance>(old_one);
    auto second = std::make_unique<Instance>(old_one);
    EXPECT_EQ(second->plan(), 2u) << "an instance came before it in this generation";
    std::shared_ptr<Library> new_one = load("minimal");
    ASSERT_NE(new_one, nullptr);
    EXPECT_NE(old_one->components()[0].record, new_one->components()[0].record);
    auto third = std::make_unique<Instance>(new_one);
    EXPECT_EQ(third->plan(), 1u) << "generations share nothing";
    EXPECT_EQ(second->plan(), 3u);
    EXPECT_EQ(first->plan(), 1u);

    first.reset();
    second.reset();
    old_one.reset();
    ASSERT_EQ(unloaded_.size(), 1u);
    EXPECT_TRUE(unloaded_[0].gone);
    EXPECT_EQ(third->plan(), 2u) << "the new generation lives on";
    third.reset();
    new_one.reset();
    ASSERT_EQ(unloaded_.size(), 2u);
    EXPECT_TRUE(unloaded_[1].gone);
}

TEST_F(Loader, DoesNotCareWhatBecomesOfTheFile) {
    const std::string path = put("minimal");
    auto library = Library::load(path, options_);
    ASSERT_TRUE(library.has_value());
    Instance instance(*library);
    std::filesystem::resize_file(path, 0);
    EXPECT_EQ(instance.plan(), 1u);
    std::filesystem::remove(path);
    EXPECT_EQ(instance.plan(), 2u);
}

TEST_F(Loader, LeavesNothingBehindInAHundredLives) {
    const std::string path = put("minimal");
    const auto live = [&](int times) {
        for (int i = 0; i < times; ++i) {
            auto library = Library::load(path, options_);
            ASSERT_TRUE(library.has_value()) << library.error().message;
            EXPECT_EQ(Instance(*library).plan(), 1u);
        }
    };
    live(10);  // until allocators and the loader have what they keep
    unloaded_.clear();
    lines_.clear();
    const std::size_t files = open_files();
    const std::size_t running = threads();
    const std::size_t memory = resident_bytes();
    live(100);
    EXPECT_EQ(open_files(), files);
    EXPECT_EQ(threads(), running);
    const std::size_t now = resident_bytes();
    if (!kSanitized) {
        EXPECT_LE(now, memory + kGrowthMax);
    }
    RecordProperty("growth_bytes", static_cast<int>(now > memory ? now - memory : 0));
    ASSERT_EQ(unloaded_.size(), 100u);
    for (const Unloaded& how : unloaded_) EXPECT_TRUE(how.gone) << how.pinned;
}

TEST_F(Loader, KeepsAResidentPlugin) {
    std::shared_ptr<Library> library = load("resident");
    ASSERT_NE(library, nullptr);
    EXPECT_TRUE(library->manifest().resident());
    const parley_component* record = library->components()[0].record;
    const std::size_t files = open_files();
    library.reset();
    ASSERT_EQ(unloaded_.size(), 1u);
    EXPECT_FALSE(unloaded_[0].gone);
    EXPECT_EQ(unloaded_[0].pinned, "its manifest says that it is resident");
    EXPECT_EQ(open_files(), files) << "its name must not come to mean another library";
    EXPECT_EQ(record->struct_size, sizeof(parley_component));
}

TEST_F(Loader, LetsAPluginHaveThreadsWhenItSaysSo) {
    const std::size_t before = threads();
    const std::shared_ptr<Library> library = load("own_threads");
    ASSERT_NE(library, nullptr);
    EXPECT_TRUE(library->manifest().resident()) << "one implies the other";
    EXPECT_EQ(threads(), before + 1);
}

TEST_F(Loader, LeavesUnknownKindsAlone) {
    const std::shared_ptr<Library> library = load("unknown_kind");
    ASSERT_NE(library, nullptr);
    ASSERT_EQ(library->components().size(), 1u);
    EXPECT_EQ(library->components()[0].kind, nullptr);
    EXPECT_EQ(library->components()[0].kind_id, "com.acme.oracle/2");
    ASSERT_FALSE(library->warnings().empty());
    EXPECT_EQ(library->warnings().back(),
              "component \"broken\": is of kind \"com.acme.oracle/2\", which this host does not "
              "know; it is left alone");
}

TEST_F(Loader, WarnsOfWhatIsUnusual) {
    const std::shared_ptr<Library> library = load("unusual");
    ASSERT_NE(library, nullptr);
    const std::vector<std::string> expected = {
        "manifest: flags: \"sparkling\" is not known here and has no effect",
        "needs: \"libz.so.1\"; not every system has it, install it wherever the plugin runs",
        "needs: a run path \"/opt/acme\"; libraries are best found by the system's rules, link "
        "without -rpath",
        "notes: no build id; link with --build-id=sha1 so that crashes can be traced",
    };
    for (const std::string& warning : expected) {
        EXPECT_NE(std::find(library->warnings().begin(), library->warnings().end(), warning),
                  library->warnings().end())
            << warning;
    }
    if (!kSanitized) {
        EXPECT_EQ(library->warnings(), expected);
    }
}

TEST_F(Loader, TellsOfAFileWithoutLoadingIt) {
    const std::size_t before = threads();
    const auto info = Library::info(put("thread"));
    ASSERT_TRUE(info.has_value()) << info.error().message;
    EXPECT_EQ(threads(), before) << "its constructor starts a thread";
    EXPECT_EQ(info->name, "thread.so");
    ASSERT_TRUE(info->findings.manifest.has_value());
    EXPECT_EQ(info->findings.manifest->version, "1.0.0");
    EXPECT_EQ(info->sha256.size(), 64u);
    EXPECT_EQ(info->facts.build_id.size(), 40u);
    EXPECT_NE(std::find(info->sections.begin(), info->sections.end(), ".note.parley"),
              info->sections.end());
    EXPECT_NE(std::find(info->symbols.begin(), info->symbols.end(), PARLEY_ENTRY_SYMBOL),
              info->symbols.end());

    const auto broken = Library::info(put("lazy"));
    ASSERT_TRUE(broken.has_value()) << "a refusal is something to tell";
    const auto& list = broken->findings.list;
    EXPECT_TRUE(std::any_of(list.begin(), list.end(), [](const Finding& finding) {
        return finding.refused && finding.check == "A8";
    }));
}

TEST_F(Loader, GivesTheThreadItsNameBack) {
    const auto name = [] { return contents("/proc/thread-self/comm"); };
    const std::string before = name();
    load("minimal");
    EXPECT_EQ(name(), before);
}

TEST_F(Loader, FindsTheManifestAmongOtherNotes) {
    EXPECT_NE(load("property_note"), nullptr);
}

// What is wrong with each is said in refusal_test.cpp; here, that nothing of them stays.
TEST_F(Loader, UnloadsWhatItRefusesAfterTheLoad) {
    for (const char* name : {"init_fails", "init_throws", "table_null", "signal", "entry_id"}) {
        unloaded_.clear();
        const std::size_t files = open_files();
        EXPECT_NE(refused(put(name)), "");
        ASSERT_EQ(unloaded_.size(), 1u) << name;
        EXPECT_TRUE(unloaded_[0].gone) << name;
        EXPECT_EQ(open_files(), files) << name;
    }

    struct sigaction now {};

    ::sigaction(SIGUSR2, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL) << "signal.so took it, and is gone";
}

TEST_F(Loader, KeepsTheCodeOfAThreadThatWasLeftBehind) {
    for (const char* name : {"thread", "init_thread"}) {
        unloaded_.clear();
        const std::size_t before = threads();
        EXPECT_NE(refused(put(name)), "");
        EXPECT_EQ(threads(), before + 1);
        ASSERT_EQ(unloaded_.size(), 1u);
        EXPECT_FALSE(unloaded_[0].gone);
        EXPECT_EQ(unloaded_[0].pinned, "a thread that it started may still run in it");
    }
}

}  // namespace
}  // namespace parley::plugins
