#include "plugins/elf_image.hpp"

#include "plugins/text.hpp"

namespace parley::plugins {

bool ElfImage::fail(std::string_view what, std::string_view cure) {
    fault_ = std::string(what) + "; " + std::string(cure);
    return false;
}

bool ElfImage::open() {
    return read_header() && read_segments() && check_sections();
}

bool ElfImage::holds(std::uint64_t at, std::uint64_t size, std::string_view what) {
    if (at <= bytes_.size() && size <= bytes_.size() - at) return true;
    return fail(std::string(what) + " (" + counted(size, "byte") + " at " + std::to_string(at) +
                    ") are not all in the file of " + counted(bytes_.size(), "byte"),
                "it was cut off or damaged, copy it again");
}

bool ElfImage::find(std::uint64_t address, std::string_view what, std::uint64_t& at) {
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz) {
            at = segment.p_offset + (address - segment.p_vaddr);
            return true;
        }
    }
    return fail(std::string(what) + " lie in no segment");
}

bool ElfImage::read_header() {
    if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) {
        return fail("not an ELF file", "a plugin is a shared library");
    }
    if (!load(0, header_, "the headers")) return false;
    if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB) {
        return fail("not a 64-bit little-endian file", "build it for this machine");
    }
    if (header_.e_type != ET_DYN) {
        return fail("of type " + std::to_string(header_.e_type),
                    "a shared library (type 3) was expected, link with -shared");
    }
    return true;
}

bool ElfImage::read_segments() {
    if (header_.e_phnum == 0 || header_.e_phentsize != sizeof(Elf64_Phdr)) {
        return fail("no segments to load");
    }
    if (!holds(header_.e_phoff,
               std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr),
               "the segment headers")) {
        return false;
    }
    segments_.resize(header_.e_phnum);
    std::memcpy(
        segments_.data(), bytes_.data() + header_.e_phoff, segments_.size() * sizeof(Elf64_Phdr));
    for (const Elf64_Phdr& segment : segments_) {
        const bool used = segment.p_type == PT_LOAD || segment.p_type == PT_NOTE;
        if (used && !holds(segment.p_offset, segment.p_filesz, "the contents")) return false;
        if (segment.p_type == PT_LOAD && segment.p_memsz < segment.p_filesz) {
            return fail("a segment with an impossible size");
        }
    }
    return true;
}

bool ElfImage::check_sections() {
    if (header_.e_shoff == 0 || header_.e_shnum == 0) return true;
    if (header_.e_shentsize != sizeof(Elf64_Shdr)) return fail("section headers of a strange size");
    if (!holds(header_.e_shoff,
               std::uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr),
               "the section headers")) {
        return false;
    }
    for (unsigned i = 0; i < header_.e_shnum; ++i) {
        Elf64_Shdr section{};
        load(header_.e_shoff + i * sizeof(section), section, "a section header");
        if (!check_section(section, i)) return false;
    }
    has_sections_ = header_.e_shstrndx != SHN_UNDEF && header_.e_shstrndx < header_.e_shnum;
    return true;
}

bool ElfImage::check_section(const Elf64_Shdr& section, unsigned number) {
    if (section.sh_type == SHT_NULL || section.sh_type == SHT_NOBITS) {
        if (number != header_.e_shstrndx || number == SHN_UNDEF) return true;
        return fail("no names of sections");
    }
    const bool symbols = section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM;
    if (symbols && section.sh_size < sizeof(Elf64_Sym)) {
        return fail("a symbol table without symbols");
    }
    return holds(section.sh_offset, section.sh_size, "the contents of a section");
}

}  // namespace parley::plugins
