// plugins/elf.hpp: what a shared library says of itself, read without running any of it.
//
// Facts are taken from where the dynamic loader takes them: segments and the dynamic section. The
// section headers, which it ignores, are only checked, so that other readers may follow them.
// The file may be hostile: every offset is checked, and the work is linear in its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace parley::plugins {

enum class SymbolType { kOther, kObject, kFunction };
enum class SymbolBinding { kOther, kGlobal, kWeak, kUnique };

struct ElfSymbol {
    std::string name;
    SymbolType type = SymbolType::kOther;
    SymbolBinding binding = SymbolBinding::kOther;
    std::uint64_t bytes = 0;  // 0: not told
};

// "2.36" of GLIBC_2.36.
struct ElfVersion {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;

    bool operator<(const ElfVersion& other) const;
    std::string text() const;
};

struct ElfFacts {
    std::uint64_t bytes = 0;
    unsigned machine = 0;           // EM_*
    bool program = false;           // an executable that can be moved, not a library
    bool static_tls = false;        // DF_STATIC_TLS
    bool nodelete = false;          // DF_1_NODELETE
    bool symbolic = false;          // DF_SYMBOLIC
    bool text_relocations = false;  // DF_TEXTREL
    bool bind_now = false;
    bool relro = false;
    bool executable_stack = false;
    bool writable_code = false;  // a segment that is writable and executable
    bool sections = false;       // there are section headers, and they can be followed safely
    std::vector<std::string> needed;
    std::string run_path;            // DT_RPATH or DT_RUNPATH
    std::vector<ElfSymbol> defined;  // what others can bind to
    std::vector<std::string> undefined;
    ElfVersion glibc;  // the highest that is required
    ElfVersion glibcxx;
    std::string build_id;                // hexadecimal; empty: none
    std::vector<std::string> manifests;  // PARLEY notes, as they are
};

// Fails, with check A1, when the file is no 64-bit little-endian shared library or is damaged.
base::Result<ElfFacts> read_elf(std::span<const std::byte> image);

// "x86-64" and so on.
std::string machine_name(unsigned machine);

}  // namespace parley::plugins
