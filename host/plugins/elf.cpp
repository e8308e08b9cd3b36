#include "plugins/elf.hpp"

#include <algorithm>
#include <charconv>
#include <elf.h>
#include <string_view>
#include <tuple>

#include "base/hex.hpp"
#include "plugins/elf_image.hpp"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::uint64_t kSymbolsMax = 100'000;
constexpr std::size_t kNeededMax = 1000;
constexpr std::size_t kManifestsMax = 8;  // one is right; more are only counted
constexpr std::uint32_t kPositionIndependentProgram = 0x08000000;  // DF_1_PIE, new in elf.h

// The parts of the dynamic section that are places, as addresses.
struct Places {
    std::uint64_t names = 0;
    std::uint64_t names_size = 0;
    std::uint64_t symbols = 0;
    std::uint64_t hash = 0;
    std::uint64_t gnu_hash = 0;
    std::uint64_t versions = 0;
    std::uint64_t version_count = 0;
    std::uint64_t run_path = 0;         // offset in names; 0: none
    std::vector<std::uint64_t> needed;  // ditto
};

// Each step says false after a failure, and nothing is read after that.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : image_(bytes), names_left_(bytes.size()) {}

    Result<ElfFacts> read() {
        if (image_.open() && read_segments() && read_dynamic() && find_names() && read_names() &&
            read_symbols() && read_versions() && read_notes()) {
            return std::move(facts_);
        }
        return refusal("A1", PARLEY_E_INVALID_ARGUMENT, "elf: " + image_.fault());
    }

private:
    bool read_segments();
    bool read_dynamic();
    void note_dynamic(const Elf64_Dyn& item);
    bool find_names();
    bool name_at(std::uint64_t offset, std::string& out);
    bool read_names();
    bool read_symbols();
    void note_symbol(const Elf64_Sym& symbol, std::string name);
    bool count_symbols(std::uint64_t& count);
    bool count_by_gnu_hash(std::uint64_t& count);
    bool read_versions();
    bool read_versions_of(std::uint64_t at, std::uint64_t& budget);
    void note_version(std::string_view name);
    bool read_notes();
    bool read_notes_of(const Elf64_Phdr& segment);
    void note_note(std::string_view owner, std::uint32_t type, std::string_view text);

    ElfImage image_;
    std::uint64_t names_left_;  // names may overlap, yet not make facts larger than the file
    std::uint64_t dynamic_ = 0;
    Places places_;
    ElfFacts facts_;
};

bool Reader::read_segments() {
    facts_.bytes = image_.size();
    facts_.machine = image_.machine();
    facts_.sections = image_.has_sections();
    facts_.executable_stack = true;  // what the loader assumes when the file says nothing
    for (const Elf64_Phdr& segment : image_.segments()) {
        const bool writable = (segment.p_flags & PF_W) != 0;
        const bool executable = (segment.p_flags & PF_X) != 0;
        if (segment.p_type == PT_LOAD) facts_.writable_code |= writable && executable;
        if (segment.p_type == PT_DYNAMIC) dynamic_ = segment.p_vaddr;
        if (segment.p_type == PT_GNU_STACK) facts_.executable_stack = executable;
        if (segment.p_type == PT_GNU_RELRO) facts_.relro = segment.p_memsz != 0;
    }
    return dynamic_ != 0 || image_.fail("no dynamic section", "link with -shared");
}

bool Reader::read_dynamic() {
    std::uint64_t at = 0;
    if (!image_.find(dynamic_, "the dynamic entries", at)) return false;
    Elf64_Dyn item{};
    do {
        if (!image_.load(at, item, "the dynamic entries")) return false;
        note_dynamic(item);
        at += sizeof(item);
    } while (item.d_tag != DT_NULL);
    return true;
}

void Reader::note_dynamic(const Elf64_Dyn& item) {
    const std::uint64_t value = item.d_un.d_val;
    switch (item.d_tag) {
        case DT_STRTAB:
            places_.names = value;
            break;
        case DT_STRSZ:
            places_.names_size = value;
            break;
        case DT_SYMTAB:
            places_.symbols = value;
            break;
        case DT_HASH:
            places_.hash = value;
            break;
        case DT_GNU_HASH:
            places_.gnu_hash = value;
            break;
        case DT_VERNEED:
            places_.versions = value;
            break;
        case DT_VERNEEDNUM:
            places_.version_count = value;
            break;
        case DT_NEEDED:
            if (places_.needed.size() < kNeededMax) places_.needed.push_back(value);
            break;
        case DT_RPATH:
        case DT_RUNPATH:
            places_.run_path = value;
            break;
        case DT_TEXTREL:
            facts_.text_relocations = true;
            break;
        case DT_BIND_NOW:
            facts_.bind_now = true;
            break;
        case DT_SYMBOLIC:
            facts_.symbolic = true;
            break;
        case DT_FLAGS:
            facts_.static_tls |= (value & DF_STATIC_TLS) != 0;
            facts_.text_relocations |= (value & DF_TEXTREL) != 0;
            facts_.bind_now |= (value & DF_BIND_NOW) != 0;
            facts_.symbolic |= (value & DF_SYMBOLIC) != 0;
            break;
        case DT_FLAGS_1:
            facts_.nodelete |= (value & DF_1_NODELETE) != 0;
            facts_.bind_now |= (value & DF_1_NOW) != 0;
            facts_.program |= (value & kPositionIndependentProgram) != 0;
            break;
        default:
            break;
    }
}

// Turns the table of names from an address into a place in the file.
bool Reader::find_names() {
    if (places_.names == 0) return image_.fail("no table of names");
    std::uint64_t at = 0;
    if (!image_.find(places_.names, "the names", at)) return false;
    places_.names = at;
    return image_.holds(at, places_.names_size, "the names");
}

bool Reader::name_at(std::uint64_t offset, std::string& out) {
    if (offset >= places_.names_size) {
        return image_.fail("a name lies outside the table of names");
    }
    const std::string_view rest = image_.text(places_.names + offset, places_.names_size - offset);
    const std::size_t size = std::min(rest.find('\0'), rest.size());
    if (size == rest.size() || size > names_left_) {
        return image_.fail("a name has no end");
    }
    names_left_ -= size;
    out = rest.substr(0, size);
    return true;
}

bool Reader::read_names() {
    if (places_.run_path != 0 && !name_at(places_.run_path, facts_.run_path)) return false;
    return std::all_of(places_.needed.begin(), places_.needed.end(), [this](std::uint64_t offset) {
        return name_at(offset, facts_.needed.emplace_back());
    });
}

bool Reader::read_symbols() {
    std::uint64_t count = 0;
    std::uint64_t at = 0;
    if (!count_symbols(count)) return false;
    if (count <= 1) return true;  // the first stands for nothing
    if (count > kSymbolsMax) {
        return image_.fail(std::to_string(count) + " symbols",
                           "at most " + std::to_string(kSymbolsMax) + " were expected");
    }
    if (!image_.find(places_.symbols, "the symbols", at)) return false;
    for (std::uint64_t i = 1; i < count; ++i) {
        Elf64_Sym symbol{};
        std::string name;
        if (!image_.load(at + i * sizeof(symbol), symbol, "the symbols")) return false;
        if (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
        if (!name_at(symbol.st_name, name)) return false;
        note_symbol(symbol, std::move(name));
    }
    return true;
}

void Reader::note_symbol(const Elf64_Sym& symbol, std::string name) {
    if (symbol.st_shndx == SHN_UNDEF) {
        facts_.undefined.push_back(std::move(name));
        return;
    }
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (visibility != STV_DEFAULT && visibility != STV_PROTECTED) return;
    ElfSymbol& defined = facts_.defined.emplace_back();
    defined.name = std::move(name);
    defined.bytes = symbol.st_size;
    const unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if (type == STT_OBJECT) defined.type = SymbolType::kObject;
    if (type == STT_FUNC || type == STT_GNU_IFUNC) defined.type = SymbolType::kFunction;
    const unsigned binding = ELF64_ST_BIND(symbol.st_info);
    if (binding == STB_GLOBAL) defined.binding = SymbolBinding::kGlobal;
    if (binding == STB_WEAK) defined.binding = SymbolBinding::kWeak;
    if (binding == STB_GNU_UNIQUE) defined.binding = SymbolBinding::kUnique;
}

// No header tells how many symbols there are; the tables that the loader looks names up in do.
bool Reader::count_symbols(std::uint64_t& count) {
    if (places_.gnu_hash != 0 && !count_by_gnu_hash(count)) return false;
    if (places_.hash == 0) return true;
    std::uint64_t at = 0;
    std::uint32_t chains = 0;
    if (!image_.find(places_.hash, "the hash chains", at)) return false;
    if (!image_.load(at + sizeof(chains), chains, "the hash chains")) return false;
    count = std::max<std::uint64_t>(count, chains);
    return true;
}

// The last symbol is the end of the chain that begins last.
bool Reader::count_by_gnu_hash(std::uint64_t& count) {
    struct Head {
        std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
    } head{};

    constexpr std::string_view kWhat = "the hash chains";
    std::uint64_t at = 0;
    if (!image_.find(places_.gnu_hash, kWhat, at) || !image_.load(at, head, kWhat)) return false;
    at += sizeof(head) + std::uint64_t{head.bloom_words} * 8;
    std::uint32_t last = 0;
    for (std::uint64_t i = 0; i < head.buckets; ++i) {
        std::uint32_t start = 0;
        if (!image_.load(at + i * sizeof(start), start, kWhat)) return false;
        last = std::max(last, start);
    }
    count = head.first_symbol;
    if (last < head.first_symbol) return true;
    at += std::uint64_t{head.buckets} * sizeof(last);
    std::uint32_t link = 0;
    for (count = last; (link & 1) == 0; ++count) {
        if (!image_.load(at + (count - head.first_symbol) * sizeof(link), link, kWhat))
            return false;
    }
    return true;
}

bool Reader::read_versions() {
    if (places_.versions == 0) return true;
    std::uint64_t at = 0;
    if (!image_.find(places_.versions, "the versions", at)) return false;
    std::uint64_t budget = image_.size() / sizeof(Elf64_Vernaux);  // tables may not run in rings
    for (std::uint64_t i = 0; i < places_.version_count; ++i) {
        Elf64_Verneed library{};
        if (!image_.load(at, library, "the versions") || !read_versions_of(at, budget))
            return false;
        if (library.vn_next == 0) break;
        at += library.vn_next;
    }
    return true;
}

bool Reader::read_versions_of(std::uint64_t at, std::uint64_t& budget) {
    Elf64_Verneed library{};
    if (!image_.load(at, library, "the versions")) return false;
    at += library.vn_aux;
    for (unsigned i = 0; i < library.vn_cnt; ++i) {
        Elf64_Vernaux version{};
        std::string name;
        if (budget-- == 0) return image_.fail("a version table without end");
        if (!image_.load(at, version, "the versions") || !name_at(version.vna_name, name)) {
            return false;
        }
        note_version(name);
        if (version.vna_next == 0) break;
        at += version.vna_next;
    }
    return true;
}

void Reader::note_version(std::string_view name) {
    const std::size_t underscore = name.find('_');
    if (underscore == name.npos) return;
    ElfVersion version;
    const char* at = name.data() + underscore + 1;
    const char* const end = name.data() + name.size();
    for (unsigned* part : {&version.major, &version.minor, &version.patch}) {
        const auto [stop, error] = std::from_chars(at, end, *part);
        if (error != std::errc()) return;  // GLIBC_PRIVATE and the like have no number
        at = stop;
        if (at == end) break;
        if (*at++ != '.') return;
    }
    if (name.starts_with("GLIBC_")) facts_.glibc = std::max(facts_.glibc, version);
    if (name.starts_with("GLIBCXX_")) facts_.glibcxx = std::max(facts_.glibcxx, version);
}

bool Reader::read_notes() {
    std::uint64_t total = 0;
    for (const Elf64_Phdr& segment : image_.segments()) {
        if (segment.p_type != PT_NOTE) continue;
        total += segment.p_filesz;
        if (total > image_.size()) return image_.fail("more notes than there is file");
        if (!read_notes_of(segment)) return false;
    }
    return true;
}

// Notes are padded to 4 bytes. Linkers mix them with GNU's property note, which begins at a
// multiple of 8 and so may have a zero in front of it.
bool Reader::read_notes_of(const Elf64_Phdr& segment) {
    constexpr auto kPadded = [](std::uint64_t n) { return (n + 3) / 4 * 4; };
    std::uint64_t at = segment.p_offset;
    const std::uint64_t end = at + segment.p_filesz;
    Elf64_Nhdr note{};
    while (end - at >= sizeof(note)) {
        image_.load(at, note, "a note");
        if (note.n_namesz == 0) {
            at += sizeof(note.n_namesz);
            continue;
        }
        const std::uint64_t text_at = at + sizeof(note) + kPadded(note.n_namesz);
        if (text_at > end) break;  // nothing that concerns us
        const std::string_view owner = image_.text(at + sizeof(note), note.n_namesz);
        const std::string_view name = owner.substr(0, owner.find('\0'));
        if (note.n_descsz > end - text_at) {
            return name != PARLEY_NOTE_OWNER || image_.fail("the manifest's note has a wrong size");
        }
        note_note(name, note.n_type, image_.text(text_at, note.n_descsz));
        at = std::min(text_at + kPadded(note.n_descsz), end);
    }
    return true;
}

void Reader::note_note(std::string_view owner, std::uint32_t type, std::string_view text) {
    if (owner == PARLEY_NOTE_OWNER && type == PARLEY_NOTE_TYPE &&
        facts_.manifests.size() < kManifestsMax) {
        facts_.manifests.emplace_back(text);
    }
    if (owner != "GNU" || type != NT_GNU_BUILD_ID || text.size() > 64) return;
    facts_.build_id = base::to_hex(text);
}

}  // namespace

bool ElfVersion::operator<(const ElfVersion& other) const {
    return std::tie(major, minor, patch) < std::tie(other.major, other.minor, other.patch);
}

std::string ElfVersion::text() const {
    std::string out = std::to_string(major) + '.' + std::to_string(minor);
    return patch == 0 ? out : out + '.' + std::to_string(patch);
}

Result<ElfFacts> read_elf(std::span<const std::byte> image) {
    return Reader(image).read();
}

std::string machine_name(unsigned machine) {
    switch (machine) {
        case EM_X86_64:
            return "x86-64";
        case EM_AARCH64:
            return "aarch64";
        case EM_RISCV:
            return "riscv64";
        case EM_PPC64:
            return "ppc64";
        default:
            return "machine " + std::to_string(machine);
    }
}

}  // namespace parley::plugins
