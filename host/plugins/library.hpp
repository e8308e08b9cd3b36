// plugins/library.hpp: one loaded generation of one plugin file.
//
// A file is judged before any of its code runs, and what was loaded is judged again. A refusal says
// `plugin NAME: where: what was found; what was expected or what to do`, with the number of the
// check in Error::code. Everything here happens on the control thread.
//
// What no host can hold: a constructor of static life that throws, or an exception out of a
// library that brings its own libstdc++, ends the process. The supervisor quarantines such files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/black_box.hpp"
#include "base/error.hpp"
#include "base/function.hpp"
#include "plugins/elf.hpp"
#include "plugins/entry.hpp"
#include "plugins/host_table.hpp"
#include "plugins/manifest.hpp"
#include "plugins/precheck.hpp"
#include "plugins/private_copy.hpp"
#include "plugins/trust.hpp"

namespace parley::plugins {

// How a library went.
struct Unloaded {
    std::string name;    // of the file
    std::string id;      // of the manifest
    std::string sha256;  // of the contents
    bool gone = false;   // proven: the process no longer maps it
    std::string pinned;  // why it is still there; empty when gone
};

struct LoadOptions {
    std::uint64_t bytes_max = std::uint64_t{64} * 1024 * 1024;
    HostAbi abi;
    std::shared_ptr<HostServices> services;  // empty: its log goes nowhere
    // Why a file with these contents must not be loaded, however it looks; empty: it may.
    std::function<std::string(const std::string& sha256)> quarantined;
    std::shared_ptr<const Trust> trust;  // null: whatever nobody else can have written
    // Whether nobody has a use for what a manifest tells of, so that it need not be loaded; empty:
    // everything is loaded.
    std::function<bool(const Manifest& manifest)> is_unasked;
    // A folder with what served for a file before what is in it now, under the same name: that
    // serves where the file is refused. Empty: there is none.
    std::string served_before;
    // Called for everything that was loaded, refused after that or not, from the destructor.
    std::function<void(const Unloaded&)> unloaded;
};

// What there is to know of a file that is not loaded.
struct LibraryInfo {
    std::string name;
    std::string sha256;
    ElfFacts facts;
    Findings findings;
    std::vector<std::string> sections;  // by the section headers; empty when there are none
    std::vector<std::string> symbols;   // that others can see, by the section headers
};

// A file that may be loaded, as far as can be told before any of its code runs.
struct Judged {
    PrivateCopy copy;
    LibraryInfo info;
    Manifest manifest;
};

class Library {
public:
    static base::Result<Judged> judge(const std::string& path, const LoadOptions& options = {});

    static base::Result<std::shared_ptr<Library>> load(Judged file,
                                                       const LoadOptions& options = {});
    static base::Result<std::shared_ptr<Library>> load(const std::string& path,
                                                       const LoadOptions& options = {});

    // Fails only for files that cannot be read as a library; other faults are among the findings.
    static base::Result<LibraryInfo> info(const std::string& path,
                                          std::uint64_t bytes_max = LoadOptions().bytes_max);

    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    // Ends the plugin, unloads it unless it is resident, and proves that it is gone. No instance of
    // it may be left.
    ~Library();

    const std::string& name() const { return name_; }

    const std::string& sha256() const { return sha256_; }

    const ElfFacts& facts() const { return facts_; }

    const Manifest& manifest() const { return manifest_; }

    const std::vector<std::string>& warnings() const { return warnings_; }

    // Puts the contents into a folder, under the name of the file that they came from.
    base::Result<void> save_to(const std::string& folder) const;

    const std::vector<Component>& components() const { return components_; }

    // Where a thread is while it runs in this library.
    base::Place place(base::Function function) const {
        return black_box_.place(static_cast<std::uint8_t>(function));
    }

private:
    struct Loaded;

    Library(LibraryInfo info, Manifest manifest, const LoadOptions& options);

    base::Result<void> start(Loaded loaded);
    base::Result<void> open();
    base::Result<void> check_conduct(class LoadWatch& watch);
    base::Result<void> read_entry();
    base::Result<void> init();
    void deinit() noexcept;
    std::string why_pinned() const;

    std::string name_;
    std::string sha256_;
    ElfFacts facts_;
    Manifest manifest_;
    base::BlackBoxEntry black_box_;
    std::vector<std::string> warnings_;
    std::function<void(const Unloaded&)> on_unloaded_;
    HostTable host_;
    std::unique_ptr<Loaded> loaded_;
    std::vector<Component> components_;
    bool initialised_ = false;
    std::string pinned_;  // why it must not be unloaded; empty: it may
};

}  // namespace parley::plugins
