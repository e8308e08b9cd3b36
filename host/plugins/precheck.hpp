// plugins/precheck.hpp: whether a library may be loaded, judged by its file alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "plugins/elf.hpp"
#include "plugins/manifest.hpp"

namespace parley::plugins {

// What the host is, for plugins to fit.
struct HostAbi {
    unsigned major = PARLEY_ABI_MAJOR;
    unsigned minor = PARLEY_ABI_MINOR;
    ElfVersion glibc{2, 36, 0};  // the oldest system that parley supports, Debian 12
    ElfVersion glibcxx{3, 4, 30};
};

// One thing to say about a file.
struct Finding {
    std::string check;  // number of the check: "A3"
    bool refused = false;
    int error_class = 0;  // PARLEY_E_* when refused
    std::string text;     // what was found; what was expected or what to do
};

struct Findings {
    std::optional<Manifest> manifest;
    std::vector<Finding> list;  // in the order of the checks
};

// Everything there is to say.
Findings examine(const ElfFacts& facts, const HostAbi& host = {});

// The manifest of a library that may be loaded, or the first refusal.
base::Result<Manifest> precheck(const Findings& findings);

}  // namespace parley::plugins
