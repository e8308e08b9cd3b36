#include "plugins/library.hpp"

#include <algorithm>
#include <chrono>
#include <dlfcn.h>
#include <exception>

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>

#include "base/arena.hpp"
#include "plugins/bare_library.hpp"
#include "plugins/load_watch.hpp"
#include "plugins/private_copy.hpp"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

struct Library::Loaded {
    PrivateCopy copy;
    boost::dll::shared_library library;
    const parley_entry* entry = nullptr;
};

namespace {

constexpr std::size_t kMessageBytesMax = 1024;
constexpr std::size_t kErrorArenaBytes = std::size_t{16} * 1024;
constexpr std::int64_t kLoadMsUsual = 100;

std::string file_name(const std::string& path) {
    return printable(path.substr(path.rfind('/') + 1), kMessageBytesMax);
}

base::Error of_plugin(const std::string& name, base::Error error) {
    error.message.insert(0, "plugin " + name + ": ");
    return error;
}

// A plugin that throws breaks the contract; it is refused like any other that does.
template <class Call>
Result<void> guarded(const std::string& where, Call&& call) {
    const auto thrown = [&](const std::string& what) {
        return refusal("B3",
                       PARLEY_E_INTERNAL,
                       where + ": threw " + what + "; nothing may throw across the border");
    };
    try {
        return call();
    } catch (const std::exception& fault) {
        return thrown(quoted(fault.what()));
    } catch (...) {
        return thrown("an exception of no known type");
    }
}

// What tools see of a file. library_info follows section headers without looking: it allocates
// what they say and takes the first of no symbols. read_elf has made sure that they are sound.
void read_sections(const PrivateCopy& copy, LibraryInfo& info) {
    if (!info.facts.sections) return;
    try {
        boost::dll::library_info reader(copy.path());
        info.sections = reader.sections();
        info.symbols = reader.symbols();
    } catch (const std::exception&) {
        info.sections.clear();  // headers that tools cannot read do not keep a library from work
        info.symbols.clear();
    }
    const bool seen = std::find(info.symbols.begin(), info.symbols.end(), PARLEY_ENTRY_SYMBOL) !=
                      info.symbols.end();
    const auto& defined = info.facts.defined;
    const bool sized = std::any_of(defined.begin(), defined.end(), [](const ElfSymbol& symbol) {
        return symbol.name == PARLEY_ENTRY_SYMBOL && symbol.bytes != 0;
    });
    if (sized && !seen) {
        info.findings.list.push_back(
            {"A3",
             false,
             0,
             "sections: they do not show " PARLEY_ENTRY_SYMBOL
             ", which the loader finds; do not edit a library after linking it"});
    }
}

Result<LibraryInfo> read_info(const std::string& path,
                              const PrivateCopy& copy,
                              const HostAbi& abi) {
    Result<ElfFacts> facts = read_elf(copy.bytes());
    if (facts.has_error()) return facts.error();
    LibraryInfo info;
    info.name = file_name(path);
    info.sha256 = copy.sha256();
    info.facts = std::move(*facts);
    info.findings = examine(info.facts, abi);
    read_sections(copy, info);
    return info;
}

// What the loader said, without the name of the copy, which means nothing to people.
std::string loader_words(const std::string& path) {
    const char* const words = ::dlerror();
    std::string text = words == nullptr ? "no reason given" : words;
    const std::string prefix = path + ": ";
    return printable(text.starts_with(prefix) ? text.substr(prefix.size()) : text,
                     kMessageBytesMax);
}

bool is_mapped(const std::string& path) {
    void* const found = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (found != nullptr) ::dlclose(found);
    return found != nullptr;
}

// Makes the loader keep a library whatever is closed.
void pin(const std::string& path) {
    void* const found = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    if (found != nullptr) ::dlclose(found);
}

}  // namespace

Library::Library(LibraryInfo info, Manifest manifest, const LoadOptions& options)
    : name_(std::move(info.name)),
      sha256_(std::move(info.sha256)),
      facts_(std::move(info.facts)),
      manifest_(std::move(manifest)),
      black_box_(name_, sha256_),
      on_unloaded_(options.unloaded),
      host_(options.services ? options.services : std::make_shared<HostServices>(), manifest_.id) {
    for (Finding& finding : info.findings.list) warnings_.push_back(std::move(finding.text));
    if (manifest_.resident()) pinned_ = "its manifest says that it is resident";
}

Result<Judged> Library::judge(const std::string& path, const LoadOptions& options) {
    const std::string name = file_name(path);
    Result<PrivateCopy> copy = PrivateCopy::make(path, options.bytes_max);
    if (copy.has_error()) return of_plugin(name, copy.error());
    Result<LibraryInfo> info = read_info(path, *copy, options.abi);
    if (info.has_error()) return of_plugin(name, info.error());
    Result<Manifest> manifest = precheck(info->findings);
    if (manifest.has_error()) return of_plugin(name, manifest.error());
    if (const std::string why = options.quarantined ? options.quarantined(info->sha256) : "";
        !why.empty()) {
        return of_plugin(name, refusal("C1", PARLEY_E_FORBIDDEN, "quarantine: " + why));
    }
    if (const std::string why = options.trust ? options.trust->why_not(path, info->sha256) : "";
        !why.empty()) {
        return of_plugin(name, refusal("trust", PARLEY_E_FORBIDDEN, why));
    }
    copy->drop_pages();
    return Judged{std::move(*copy), std::move(*info), std::move(*manifest)};
}

Result<void> Library::save_to(const std::string& folder) const {
    return loaded_->copy.write_to(folder + '/' + name_);
}

Result<std::shared_ptr<Library>> Library::load(Judged file, const LoadOptions& options) {
    const std::shared_ptr<Library> library(
        new Library(std::move(file.info), std::move(file.manifest), options));
    if (Result<void> ready = library->start({std::move(file.copy), {}, nullptr});
        ready.has_error()) {
        return of_plugin(library->name(), ready.error());
    }
    return library;
}

Result<std::shared_ptr<Library>> Library::load(const std::string& path,
                                               const LoadOptions& options) {
    Result<Judged> file = judge(path, options);
    if (file.has_error()) return file.error();
    return load(std::move(*file), options);
}

Result<LibraryInfo> Library::info(const std::string& path, std::uint64_t bytes_max) {
    const Result<PrivateCopy> copy = PrivateCopy::make(path, bytes_max);
    if (copy.has_error()) return of_plugin(file_name(path), copy.error());
    Result<LibraryInfo> info = read_info(path, *copy, {});
    if (info.has_error()) return of_plugin(file_name(path), info.error());
    return info;
}

// Each step needs those before it; what a failed one leaves is cleared away by the destructor.
Result<void> Library::start(Loaded loaded) {
    loaded_ = std::make_unique<Loaded>(std::move(loaded));
    const base::Visit visit(place(base::Function::load));
    LoadWatch watch;
    Result<void> right = guarded("load", [this] { return open(); });
    if (right.has_value()) right = check_conduct(watch);
    if (right.has_value()) right = guarded("entry", [this] { return read_entry(); });
    if (right.has_value()) right = guarded("init", [this] { return init(); });
    // Also after a failure: a thread that was left behind must not lose its code.
    const Result<void> conduct = check_conduct(watch);
    return right.has_value() ? conduct : right;
}

Result<void> Library::open() {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    const std::string path = loaded_->copy.path();
    const auto begin = std::chrono::steady_clock::now();
    boost::dll::fs::error_code error;
    loaded_->library.load(path, rtld_now | rtld_local, error);
    if (error) {
        return refusal("B1",
                       PARLEY_E_INVALID_ARGUMENT,
                       "load: " + loader_words(path) + "; the system's loader refused it");
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    if (ms > kLoadMsUsual) {
        warnings_.push_back("load: took " + std::to_string(ms) + " ms; at most " +
                            std::to_string(kLoadMsUsual) +
                            " were expected, do less in constructors of static life");
    }
    return {};
}

Result<void> Library::check_conduct(LoadWatch& watch) {
    const bool own_threads = manifest_.own_threads();
    const std::size_t threads = watch.threads_started();
    if (threads != 0 && !own_threads) {
        // Its code must stay for as long as a thread may run in it, which nobody can tell.
        pinned_ = "a thread that it started may still run in it";
        return refusal("B2",
                       PARLEY_E_INVALID_ARGUMENT,
                       "load: started " + counted(threads, "thread") +
                           "; plugins compute and the host waits, or it declares own-threads");
    }
    const std::vector<int> signals = watch.restore_signals();
    if (!signals.empty()) {
        return refusal("B2",
                       PARLEY_E_INVALID_ARGUMENT,
                       "load: changed the handling of signal " + std::to_string(signals.front()) +
                           "; signals are the host's");
    }
    return {};
}

Result<void> Library::read_entry() {
    const parley_entry& entry = loaded_->library.get<const parley_entry>(PARLEY_ENTRY_SYMBOL);
    loaded_->entry = &entry;
    if (Result<void> right = check_entry(entry, manifest_); right.has_error()) return right;
    Result<std::vector<Component>> components = read_components(entry, manifest_);
    if (components.has_error()) return components.error();
    components_ = std::move(*components);
    for (const Component& component : components_) {
        if (component.kind != nullptr) continue;
        warnings_.push_back("component " + quoted(component.id) + ": is of kind " +
                            quoted(component.kind_id) +
                            ", which this host does not know; it is left alone");
    }
    return {};
}

Result<void> Library::init() {
    if (loaded_->entry->init == nullptr) {
        initialised_ = true;
        return {};
    }
    base::Arena arena(kErrorArenaBytes);
    parley_error error{};
    error.struct_size = sizeof(error);
    error.arena = arena.border();
    const parley_status status = loaded_->entry->init(host_.border(), &error);
    if (status >= 0) {
        initialised_ = true;
        return {};
    }
    const bool told = error.message.ptr != nullptr && error.message.len != 0;
    const std::string_view message = told ? std::string_view(error.message.ptr, error.message.len)
                                          : std::string_view("no reason given");
    return refusal("B3",
                   -status,
                   std::string("init: failed with ") + base::name_of(-status) + ": " +
                       printable(message, kMessageBytesMax));
}

void Library::deinit() noexcept {
    if (!initialised_ || loaded_->entry->deinit == nullptr) return;
    const Result<void> done = guarded("deinit", [this]() -> Result<void> {
        loaded_->entry->deinit();
        return {};
    });
    if (done.has_error()) host_.log(PARLEY_LOG_ERROR, done.error().message);
}

std::string Library::why_pinned() const {
    if (!pinned_.empty()) return pinned_;
    if (facts_.nodelete) return "it is marked DF_1_NODELETE";
    for (const ElfSymbol& symbol : facts_.defined) {
        if (symbol.binding == SymbolBinding::kUnique) return "it has GNU_UNIQUE symbols";
    }
    return "something still refers to it, such as a library that was loaded later";
}

Library::~Library() {
    if (!loaded_ || !loaded_->library.is_loaded()) return;
    const std::string path = loaded_->copy.path();
    const base::Visit visit(place(base::Function::destroy));
    if (pinned_.empty()) {
        deinit();
    } else {
        pin(path);
    }
    components_.clear();
    loaded_->library.unload();
    const bool gone = !is_mapped(path);
    if (!gone) loaded_->copy.keep();
    if (!on_unloaded_) return;
    try {
        on_unloaded_({name_, manifest_.id, sha256_, gone, gone ? "" : why_pinned()});
    } catch (const std::exception& fault) {
        host_.log(PARLEY_LOG_ERROR, fault.what());
    }
}

struct BareLibrary::Loaded {
    Judged file;
    boost::dll::shared_library library;
    const parley_entry* entry = nullptr;
};

Result<std::unique_ptr<BareLibrary>> BareLibrary::load(const std::string& path,
                                                       const LoadOptions& options) {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    Result<Judged> file = Library::judge(path, options);
    if (file.has_error()) return file.error();
    auto loaded = std::make_unique<Loaded>(Loaded{std::move(*file), {}, nullptr});
    boost::dll::fs::error_code error;
    loaded->library.load(loaded->file.copy.path(), rtld_now | rtld_local, error);
    if (error) {
        return refusal(
            "B1",
            PARLEY_E_INVALID_ARGUMENT,
            "load: " + loader_words(loaded->file.copy.path()) + "; the system's loader refused it");
    }
    loaded->entry = &loaded->library.get<const parley_entry>(PARLEY_ENTRY_SYMBOL);
    return std::unique_ptr<BareLibrary>(new BareLibrary(std::move(loaded)));
}

BareLibrary::BareLibrary(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}

BareLibrary::~BareLibrary() = default;

const parley_entry& BareLibrary::entry() const {
    return *loaded_->entry;
}

const Manifest& BareLibrary::manifest() const {
    return loaded_->file.manifest;
}

}  // namespace parley::plugins
