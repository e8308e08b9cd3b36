// check/load_rules.cpp: loading, unloading, and what is left of it.
#include <clocale>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "check/rules.hpp"
#include "plugins/bare_library.hpp"
#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Component;
using plugins::Library;

namespace {

constexpr int kRounds = 3;
constexpr int kManyRounds = 40;
constexpr long kGrowthBytesMax = 256 * 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // a sanitizer keeps what was freed
#else
constexpr bool kMemoryIsOurs = true;
#endif

// The loader's own judgement of a load, told only under its own id.
void load_is_right(Trial& trial, std::string_view id) {
    plugins::LoadOptions options;
    options.services = trial.services();
    trial.enter("the load, init included");
    const auto library = Library::load(trial.subject().path, options);
    if (library.has_value()) {
        if (id != "B1") return;
        for (const std::string& warning : (*library)->warnings()) {
            if (warning.starts_with("load: ")) trial.warn(warning);
        }
    } else if (library.error().code == id) {
        trial.fail(library.error().message);
    }
}

// The open descriptors, but those in memory of their own, such as the private copy.
std::set<std::string> open_files() {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code fault;
        const auto target = std::filesystem::read_symlink(entry.path(), fault).string();
        if (fault || target.starts_with("/memfd:") || target.starts_with("/proc/")) continue;
        files.insert(entry.path().filename().string() + " " + target);
    }
    return files;
}

std::string environment() {
    std::string all;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        all += std::string(*each) + '\n';
    }
    return all;
}

// What a process has that a library could change.
struct Surroundings {
    std::set<std::string> files = open_files();
    std::string variables = environment();
    std::string folder = std::filesystem::current_path().string();
    std::string locale = std::setlocale(LC_ALL, nullptr);
    mode_t mask = mask_now();
    rlim_t files_max = files_max_now();

    static mode_t mask_now() {
        const mode_t mask = ::umask(022);
        ::umask(mask);
        return mask;
    }

    static rlim_t files_max_now() {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        return limit.rlim_cur;
    }
};

void expect_unchanged(Trial& trial, const Surroundings& before, const Surroundings& after) {
    for (const std::string& file : after.files) {
        trial.expect(before.files.count(file) != 0, "load: left a file open: " + file);
    }
    trial.expect(before.variables == after.variables, "load: changed environment variables");
    trial.expect(before.folder == after.folder, "load: changed the working directory");
    trial.expect(before.locale == after.locale, "load: changed the locale");
    trial.expect(before.mask == after.mask, "load: changed the umask");
    trial.expect(before.files_max == after.files_max, "load: changed a limit of the process");
}

std::size_t threads() {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

long resident_bytes() {
    long pages = 0;
    long resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

std::unique_ptr<plugins::BareLibrary> load_bare(Trial& trial) {
    plugins::LoadOptions options;
    options.services = trial.services();
    trial.enter("the load");
    auto library = plugins::BareLibrary::load(trial.subject().path, options);
    if (library.has_value()) return std::move(*library);
    trial.fail(library.error().message);
    return nullptr;
}

void live_once(Trial& trial) {
    const auto library = trial.load();
    if (library == nullptr) return;
    for (const Component& component : library->components()) trial.make(library, component);
}

}  // namespace

void loads(Trial& trial) {
    load_is_right(trial, "B1");
}

void leaves_the_process_alone(Trial& trial) {
    std::thread([] {}).join();  // a sanitizer brings a thread of its own with the first
    const Surroundings before;
    plugins::LoadOptions options;
    options.services = trial.services();
    trial.enter("the load, init included");
    const auto library = Library::load(trial.subject().path, options);
    if (!library && library.error().code != "B2") return;
    if (!library) return trial.fail(library.error().message);
    expect_unchanged(trial, before, Surroundings());
}

void says_what_its_manifest_says(Trial& trial) {
    load_is_right(trial, "B3");
}

void describes_its_settings(Trial& trial) {
    load_is_right(trial, "C2");
}

void begins_and_ends_again(Trial& trial) {
    const auto library = load_bare(trial);
    if (library == nullptr) return;
    const parley_entry& entry = library->entry();
    const plugins::HostTable host(trial.services(), library->manifest().id);
    for (int round = 0; round < kRounds && !trial.has_failed(); ++round) {
        trial.enter("init");
        const parley_status status =
            entry.init == nullptr ? PARLEY_OK : entry.init(host.border(), nullptr);
        trial.expect(status >= 0,
                     "init: fails with " + std::to_string(status) +
                         " after a deinit; what deinit ended, init begins");
        trial.enter("deinit");
        if (status >= 0 && entry.deinit != nullptr) entry.deinit();
    }
}

void knows_no_unknown_ids(Trial& trial) {
    const auto library = trial.load();
    const auto bare = load_bare(trial);
    if (library == nullptr || bare == nullptr) return;
    const parley_entry& entry = bare->entry();
    const std::uint32_t count = entry.component_count();
    for (const std::uint32_t index : {count, count + 1, UINT32_MAX}) {
        trial.enter("component(" + std::to_string(index) + ")");
        trial.expect(entry.component(index) == nullptr,
                     "component: index " + std::to_string(index) + " of " + std::to_string(count) +
                         " gives something; NULL was expected");
    }
    for (const Component& component : library->components()) {
        if (component.record->get_extension == nullptr) continue;
        const auto made = trial.make(library, component);
        if (made == nullptr) continue;
        for (const std::string_view id : {"", "parley.nothing/1", "parley.state/1x", "parley"}) {
            trial.enter("get_extension of " + plugins::quoted(component.id));
            trial.expect(component.record->get_extension(made->get(), plugins::str(id)) == nullptr,
                         "get_extension: knows " + plugins::quoted(id) +
                             ", which nobody has defined; compare whole ids");
        }
    }
}

void goes_when_unloaded(Trial& trial) {
    bool is_resident = false;
    {
        const auto library = trial.load();
        if (library == nullptr) return;
        is_resident = library->manifest().resident();
        for (const Component& component : library->components()) trial.make(library, component);
        trial.enter("the unload, deinit included");
    }
    if (is_resident || trial.unloaded().empty()) return;
    const plugins::Unloaded& how = trial.unloaded().back();
    trial.expect(how.gone, "unload: it stays in memory; " + how.pinned);
}

void leaves_nothing_behind(Trial& trial) {
    live_once(trial);
    if (trial.has_failed()) return;
    for (int i = 0; i < kManyRounds / 4; ++i) live_once(trial);  // what is kept once is kept now
    const std::size_t files = open_files().size();
    const std::size_t threads_before = threads();
    const long bytes = resident_bytes();
    for (int i = 0; i < kManyRounds; ++i) live_once(trial);
    const std::string times = std::to_string(kManyRounds) + " loads and unloads";
    trial.expect(open_files().size() <= files, "memory: files stay open after " + times);
    trial.expect(threads() <= threads_before, "memory: threads are left after " + times);
    const long grown = resident_bytes() - bytes;
    if (!kMemoryIsOurs) return;
    trial.expect(grown <= kGrowthBytesMax,
                 "memory: " + std::to_string(grown / 1024) + " KiB more after " + times +
                     "; free in destroy and deinit what create and init made");
}

void lives_beside_itself(Trial& trial) {
    auto first = trial.load();
    const auto second = trial.load();
    if (first == nullptr || second == nullptr) return;
    const auto make_all = [&](const std::shared_ptr<Library>& library) {
        std::vector<std::shared_ptr<plugins::Instance>> all;
        for (const Component& component : library->components()) {
            if (component.is_exclusive()) continue;
            if (auto made = trial.make(library, component)) all.push_back(std::move(made));
        }
        return all;
    };
    auto old = make_all(first);
    const auto young = make_all(second);
    trial.expect(old.size() == young.size(),
                 "generations: the second one of the same file makes other components");
    trial.enter("the end of the old generation");
    old.clear();
    first.reset();
    trial.enter("the generation that stays");
    make_all(second);
}

}  // namespace parley::check
