#include "plugins/precheck.hpp"

#include <algorithm>
#include <array>
#include <elf.h>
#include <string_view>

#include "parley/host.h"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::size_t kNamesShown = 3;

// Libraries that are there wherever the host runs.
constexpr std::array<std::string_view, 9> kEverywhere = {"libc.so.",
                                                         "libm.so.",
                                                         "libpthread.so.",
                                                         "libdl.so.",
                                                         "librt.so.",
                                                         "libgcc_s.",
                                                         "libstdc++.so.",
                                                         "ld-linux",
                                                         "linux-vdso"};

// These end the process when they are not there from its start.
constexpr std::array<std::string_view, 4> kRuntimes = {
    "libasan.so.", "libtsan.so.", "liblsan.so.", "libhwasan.so."};

template <std::size_t N>
bool begins_with_one_of(std::string_view name, const std::array<std::string_view, N>& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(), [name](std::string_view begin) {
        return name.starts_with(begin);
    });
}

class Examiner {
public:
    Examiner(const ElfFacts& facts, const HostAbi& host) : facts_(facts), host_(host) {}

    Findings look() {
        check_kind_of_file();
        check_manifest();
        check_exports();
        check_residence();
        check_protection();
        check_needs();
        return std::move(out_);
    }

private:
    void check_kind_of_file();
    void check_manifest();
    void check_abi();
    void check_exports();
    void check_entry(const ElfSymbol& entry);
    void check_no_entry();
    void check_residence();
    void check_protection();
    void check_needs();

    void refuse(const char* check, std::string text, int error_class = PARLEY_E_INVALID_ARGUMENT) {
        out_.list.push_back({check, true, error_class, std::move(text)});
    }

    void warn(const char* check, std::string text) {
        out_.list.push_back({check, false, 0, std::move(text)});
    }

    bool resident() const { return out_.manifest && out_.manifest->resident(); }

    const ElfFacts& facts_;
    const HostAbi& host_;
    Findings out_;
};

std::string dotted(unsigned major, unsigned minor) {
    return std::to_string(major) + '.' + std::to_string(minor);
}

// `"a", "b", "c" and 4 more`
std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
        if (i != 0) out += ", ";
        out += quoted(names[i]);
    }
    if (names.size() > kNamesShown) {
        out += " and " + std::to_string(names.size() - kNamesShown) + " more";
    }
    return out;
}

void Examiner::check_kind_of_file() {
    if (facts_.machine != kMachine) {
        refuse("A1",
               "elf: built for " + machine_name(facts_.machine) + "; this host runs on " +
                   machine_name(kMachine) + ", build it for that",
               PARLEY_E_UNSUPPORTED);
    }
    if (facts_.program) refuse("A1", "elf: a program; a library was expected, link with -shared");
}

void Examiner::check_manifest() {
    if (facts_.manifests.empty()) {
        refuse("A2",
               "manifest: none found; an ELF note of owner " PARLEY_NOTE_OWNER
               " was expected, build with parley_add_plugin");
        return;
    }
    if (facts_.manifests.size() > 1) {
        refuse("A2",
               "manifest: " + std::to_string(facts_.manifests.size()) +
                   " found; one ELF note of owner " PARLEY_NOTE_OWNER " was expected");
        return;
    }
    Result<Manifest> manifest = parse_manifest(facts_.manifests.front());
    if (manifest.has_error()) {
        refuse("A2", manifest.error().message);
        return;
    }
    out_.manifest = std::move(*manifest);
    for (const std::string& flag : out_.manifest->unknown_flags) {
        warn("A2", "manifest: flags: " + quoted(flag) + " is not known here and has no effect");
    }
    check_abi();
}

// A plugin may be newer than the host as long as it says that it can do without what is new.
void Examiner::check_abi() {
    const Manifest& manifest = *out_.manifest;
    const std::string ours = dotted(host_.major, host_.minor);
    if (manifest.abi_major != host_.major) {
        refuse("A2",
               "abi: built for " + dotted(manifest.abi_major, manifest.abi_minor) +
                   "; this host has " + ours + ", rebuild the plugin with its headers",
               PARLEY_E_UNSUPPORTED);
    } else if (manifest.min_host_minor > host_.minor) {
        refuse("A2",
               "abi: needs a host of " + dotted(host_.major, manifest.min_host_minor) +
                   " or later; this host has " + ours + ", update parley",
               PARLEY_E_UNSUPPORTED);
    }
}

void Examiner::check_exports() {
    std::vector<std::string> unique;
    std::vector<std::string> others;
    const ElfSymbol* entry = nullptr;
    for (const ElfSymbol& symbol : facts_.defined) {
        if (symbol.name == PARLEY_ENTRY_SYMBOL) {
            entry = &symbol;
        } else {
            const bool pins = symbol.binding == SymbolBinding::kUnique;
            (pins ? unique : others).push_back(symbol.name);
        }
    }
    if (!unique.empty() && !resident()) {
        refuse("A4",
               "symbols: " + listed(unique) +
                   " of binding GNU_UNIQUE; these keep a library in memory for ever, compile "
                   "with -fno-gnu-unique and link with the version script plugin.map");
    }
    if (entry == nullptr) return check_no_entry();
    check_entry(*entry);
    if (!others.empty()) {
        refuse("A3",
               "symbols: exports " + listed(others) +
                   " beside " PARLEY_ENTRY_SYMBOL
                   "; nothing else was expected, link with the version script plugin.map");
    }
}

void Examiner::check_entry(const ElfSymbol& entry) {
    constexpr std::size_t kEntryBytes = offsetof(parley_entry, component) + sizeof(void*);
    if (entry.type != SymbolType::kObject) {
        refuse("A3",
               "symbols: " PARLEY_ENTRY_SYMBOL
               " is no data; a parley_entry was expected, define it with PARLEY_PLUGIN_ENTRY");
    } else if (entry.bytes != 0 && entry.bytes < kEntryBytes) {
        refuse("A3",
               "symbols: " PARLEY_ENTRY_SYMBOL " has " + counted(entry.bytes, "byte") +
                   "; a parley_entry of " + std::to_string(kEntryBytes) +
                   " was expected, define it with PARLEY_PLUGIN_ENTRY");
    }
}

void Examiner::check_no_entry() {
    const auto other =
        std::find_if(facts_.defined.begin(), facts_.defined.end(), [](const ElfSymbol& symbol) {
            return symbol.name.starts_with("parley_plugin_v");
        });
    if (other != facts_.defined.end()) {
        refuse("A3",
               "symbols: exports " + quoted(other->name) +
                   "; this host loads " PARLEY_ENTRY_SYMBOL ", rebuild the plugin with its headers",
               PARLEY_E_UNSUPPORTED);
        return;
    }
    refuse("A3",
           "symbols: no " PARLEY_ENTRY_SYMBOL
           " exported; every plugin has that one, define it with PARLEY_PLUGIN_ENTRY");
}

// What would keep the library in memory after its last use.
void Examiner::check_residence() {
    if (facts_.static_tls) {
        refuse("A5",
               "flags: DF_STATIC_TLS; the room for that is gone after a few reloads, compile "
               "without -ftls-model=initial-exec");
    }
    if (resident()) return;
    if (facts_.nodelete) {
        refuse("A5",
               "flags: DF_1_NODELETE; link without -z nodelete, or declare the plugin "
               "resident (FLAGS resident)");
    }
    for (const std::string_view name : {"__cxa_thread_atexit", "__cxa_thread_atexit_impl"}) {
        const auto& all = facts_.undefined;
        if (std::find(all.begin(), all.end(), name) == all.end()) continue;
        refuse("A6",
               "symbols: imports " + std::string(name) +
                   "; a thread_local with a destructor keeps the library in memory, hold such "
                   "things by loop_index of " PARLEY_HOST_THREAD_CHECK);
        break;
    }
}

void Examiner::check_protection() {
    if (facts_.text_relocations) {
        refuse("A8",
               "flags: DF_TEXTREL; code may not change when it is loaded, compile with -fPIC");
    }
    if (facts_.executable_stack) {
        refuse("A8", "segments: an executable stack is asked for; link with -z noexecstack");
    }
    if (facts_.writable_code) {
        refuse("A8",
               "segments: one is writable and executable; link without -N and without own "
               "linker scripts");
    }
    if (!facts_.relro) refuse("A8", "segments: no GNU_RELRO; link with -z relro");
    if (!facts_.bind_now) refuse("A8", "flags: no BIND_NOW; link with -z now");
}

void Examiner::check_needs() {
    for (const std::string& name : facts_.needed) {
        if (begins_with_one_of(name, kRuntimes) && !kSanitized) {
            refuse("A7",
                   "needs: " + quoted(name) +
                       "; it ends processes that did not begin with it, build the plugin "
                       "without a sanitizer");
        } else if (!begins_with_one_of(name, kEverywhere)) {
            warn("A7",
                 "needs: " + quoted(name) +
                     "; not every system has it, install it wherever the plugin runs");
        }
    }
    if (!facts_.run_path.empty()) {
        warn("A7",
             "needs: a run path " + quoted(facts_.run_path) +
                 "; libraries are best found by the system's rules, link without -rpath");
    }
    const auto newer = [this](std::string_view name, ElfVersion has, ElfVersion floor) {
        if (!(floor < has)) return;
        warn("A9",
             "needs: " + std::string(name) + ' ' + has.text() + "; systems from " + floor.text() +
                 " on are supported, build on an older one");
    };
    newer("GLIBC", facts_.glibc, host_.glibc);
    newer("GLIBCXX", facts_.glibcxx, host_.glibcxx);
    if (facts_.build_id.empty()) {
        warn("A11", "notes: no build id; link with --build-id=sha1 so that crashes can be traced");
    }
}

}  // namespace

Findings examine(const ElfFacts& facts, const HostAbi& host) {
    return Examiner(facts, host).look();
}

Result<Manifest> precheck(const Findings& findings) {
    for (const Finding& finding : findings.list) {
        if (finding.refused) return refusal(finding.check, finding.error_class, finding.text);
    }
    return *findings.manifest;
}

}  // namespace parley::plugins
