// plugins/elf_image.hpp: an ELF file as bytes, segments and addresses, with every bound checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::plugins {

// What fails says false and leaves the reason in fault(); nothing is read after that.
class ElfImage {
public:
    explicit ElfImage(std::span<const std::byte> bytes) : bytes_(bytes) {}

    // Reads headers and segments, and checks that the section headers can be followed safely.
    bool open();

    const std::string& fault() const { return fault_; }

    bool fail(std::string_view what, std::string_view cure = "the file is damaged, build it again");

    std::uint64_t size() const { return bytes_.size(); }

    unsigned machine() const { return header_.e_machine; }

    bool has_sections() const { return has_sections_; }

    const std::vector<Elf64_Phdr>& segments() const { return segments_; }

    // Whether the bytes are all in the file. `what` names them in the plural.
    bool holds(std::uint64_t at, std::uint64_t size, std::string_view what);

    template <class T>
    bool load(std::uint64_t at, T& out, std::string_view what) {
        if (!holds(at, sizeof(T), what)) return false;
        std::memcpy(&out, bytes_.data() + at, sizeof(T));
        return true;
    }

    // Where in the file the bytes are that the loader puts at an address.
    bool find(std::uint64_t address, std::string_view what, std::uint64_t& at);

    // Bytes for which holds() is true.
    std::string_view text(std::uint64_t at, std::uint64_t size) const {
        return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
    }

private:
    bool read_header();
    bool read_segments();
    bool check_sections();
    bool check_section(const Elf64_Shdr& section, unsigned number);

    std::span<const std::byte> bytes_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> segments_;
    bool has_sections_ = false;
    std::string fault_;
};

}  // namespace parley::plugins
