// Files that are no plugins, that others could have written, or that are damaged.
#include <cstring>
#include <elf.h>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "plugins/elf.hpp"
#include "plugins/private_copy.hpp"

namespace parley::plugins {
namespace {

class PluginFile : public PluginFolder {
protected:
    std::string refused_bytes(const std::string& bytes) { return refused(write("x.so", bytes)); }
};

template <class T>
T read_at(const std::string& bytes, std::size_t at) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
}

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

TEST_F(PluginFile, MustExist) {
    EXPECT_EQ(refused(folder_ + "/none.so"), "there is no such file");
    EXPECT_EQ(refused(folder_ + "/none/none.so"), "there is no such file");
}

TEST_F(PluginFile, MustBeAnElfFile) {
    EXPECT_EQ(refused_bytes(""), "the file is empty; copy it again");
    const std::string expected = "elf: not an ELF file; a plugin is a shared library";
    EXPECT_EQ(refused_bytes("x"), expected);
    EXPECT_EQ(refused_bytes("#!/bin/sh\necho hello\n"), expected);
    EXPECT_EQ(refused_bytes(std::string(100'000, '\0')), expected);
    EXPECT_EQ(check_, "A1");
}

TEST_F(PluginFile, MustBeForThisMachine) {
    std::string bytes = built("minimal");
    const Elf64_Half other =
        read_at<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_machine)) == EM_X86_64 ? EM_AARCH64
                                                                                 : EM_X86_64;
    std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &other, sizeof(other));
#if defined(__x86_64__)
    EXPECT_EQ(refused_bytes(bytes),
              "elf: built for aarch64; this host runs on x86-64, build it for that");
#else
    EXPECT_NE(refused_bytes(bytes), "");
#endif
    EXPECT_EQ(check_, "A1");

    bytes = built("minimal");
    bytes[EI_CLASS] = ELFCLASS32;
    EXPECT_EQ(refused_bytes(bytes),
              "elf: not a 64-bit little-endian file; build it for this machine");
    bytes = built("minimal");
    bytes[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
    EXPECT_EQ(refused_bytes(bytes),
              "elf: of type 1; a shared library (type 3) was expected, link with -shared");
}

TEST_F(PluginFile, MustBeALibrary) {
    const auto facts = read_elf(bytes_of(contents("/proc/self/exe")));
    ASSERT_TRUE(facts.has_value()) << facts.error().message;
    EXPECT_TRUE(facts->program);
    const Findings findings = examine(*facts);
    ASSERT_FALSE(findings.list.empty());
    EXPECT_EQ(findings.list[0].text, "elf: a program; a library was expected, link with -shared");
}

TEST_F(PluginFile, MustBeWhole) {
    const std::string bytes = built("minimal");
    const auto header = read_at<Elf64_Ehdr>(bytes, 0);
    const auto cut =
        [&](const std::string& what, std::size_t size, std::size_t at, std::size_t left) {
            return "elf: " + what + " (" + std::to_string(size) + " bytes at " +
                   std::to_string(at) + ") are not all in the file of " + std::to_string(left) +
                   " bytes; it was cut off or damaged, copy it again";
        };
    for (const std::size_t left : {4, 20, 63}) {
        EXPECT_EQ(refused_bytes(bytes.substr(0, left)), cut("the headers", 64, 0, left));
    }
    for (const std::size_t left : {64, 100}) {
        EXPECT_EQ(
            refused_bytes(bytes.substr(0, left)),
            cut("the segment headers", header.e_phnum * sizeof(Elf64_Phdr), header.e_phoff, left));
    }
    for (std::size_t left = 1000; left < bytes.size(); left += 1 + bytes.size() / 50) {
        const std::string sentence = refused_bytes(bytes.substr(0, left));
        EXPECT_TRUE(sentence.ends_with("; it was cut off or damaged, copy it again")) << left;
        EXPECT_EQ(check_, "A1");
    }
    EXPECT_EQ(refused_bytes(bytes.substr(0, bytes.size() - 1)),
              cut("the section headers",
                  header.e_shnum * sizeof(Elf64_Shdr),
                  header.e_shoff,
                  bytes.size() - 1));
}

TEST_F(PluginFile, MustNotBeWritableByOthers) {
    const std::string path = put("minimal");
    const std::string expected =
        "the file can be written by its group or by others, who could then run what they like; run "
        "chmod go-w";
    for (const mode_t mode : {0664, 0646, 0666}) {
        ::chmod(path.c_str(), mode);
        EXPECT_EQ(refused(path), expected);
    }
    ::chmod(path.c_str(), 0644);
    ::chmod(folder_.c_str(), 0777);
    EXPECT_EQ(refused(path),
              "its folder can be written by its group or by others, who could then run what they "
              "like; run chmod go-w");
    ::chmod(folder_.c_str(), 0755);
    EXPECT_EQ(refused(path), "");
    EXPECT_EQ(check_, "file");
}

TEST_F(PluginFile, MustBeOursOrRoots) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const std::string path = put("minimal");
    ASSERT_EQ(::chown(path.c_str(), 12345, 0), 0);
    EXPECT_EQ(refused(path),
              "the file belongs to user 12345; root, who runs parley, was expected, run "
              "chown");
}

TEST_F(PluginFile, MustBeARegularFile) {
    const std::string path = put("minimal");
    const std::string link = folder_ + "/link.so";
    std::filesystem::create_symlink(path, link);
    EXPECT_EQ(refused(link), "a symbolic link; put the file itself into the folder");
    const std::string pipe = folder_ + "/pipe.so";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(refused(pipe), "not a regular file; a library was expected");
    std::filesystem::create_directory(folder_ + "/folder.so");
    EXPECT_EQ(refused(folder_ + "/folder.so"), "not a regular file; a library was expected");
}

TEST_F(PluginFile, MustNotBeHuge) {
    const std::string path = put("minimal");
    std::filesystem::resize_file(path, 64 * 1024 * 1024 + 1);
    EXPECT_EQ(refused(path),
              "67108865 bytes; at most 67108864 are taken (plugins.library_bytes_max)");
    options_.bytes_max = 1000;
    std::filesystem::resize_file(path, 1001);
    EXPECT_EQ(refused(path), "1001 bytes; at most 1000 are taken (plugins.library_bytes_max)");
}

TEST_F(PluginFile, IsCopiedAndSealed) {
    const std::string path = write("x.so", "abc");
    const auto copy = PrivateCopy::make(path, 1000);
    ASSERT_TRUE(copy.has_value());
    EXPECT_EQ(copy->sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    write("x.so", "something else");
    EXPECT_EQ(contents(copy->path()), "abc");
    std::ofstream(copy->path(), std::ios::in | std::ios::out | std::ios::binary) << "xyz";
    EXPECT_EQ(contents(copy->path()), "abc") << "nobody can write it";
}

TEST_F(PluginFile, HasItsFactsRead) {
    const std::string bytes = built("minimal");
    const auto facts = read_elf(bytes_of(bytes));
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->bytes, bytes.size());
    ASSERT_EQ(facts->defined.size(), 1u);
    EXPECT_EQ(facts->defined[0].name, PARLEY_ENTRY_SYMBOL);
    EXPECT_EQ(facts->defined[0].bytes, sizeof(parley_entry));
    EXPECT_EQ(facts->defined[0].type, SymbolType::kObject);
    EXPECT_EQ(facts->defined[0].binding, SymbolBinding::kGlobal);
    const auto& imports = facts->undefined;
    EXPECT_NE(std::find(imports.begin(), imports.end(), "malloc"), imports.end());
    EXPECT_NE(std::find(facts->needed.begin(), facts->needed.end(), "libc.so.6"),
              facts->needed.end());
    EXPECT_FALSE(facts->glibc < (ElfVersion{2, 2, 0}));
    EXPECT_EQ(facts->manifests.size(), 1u);
    EXPECT_EQ(facts->build_id.size(), 40u);
    EXPECT_TRUE(facts->relro);
    EXPECT_TRUE(facts->bind_now);
    EXPECT_TRUE(facts->sections);
    EXPECT_FALSE(facts->executable_stack || facts->writable_code || facts->text_relocations ||
                 facts->nodelete || facts->static_tls || facts->program || facts->symbolic);
}

TEST_F(PluginFile, NeedsNoSectionHeaders) {
    std::string bytes = built("minimal");
    auto header = read_at<Elf64_Ehdr>(bytes, 0);
    header.e_shoff = 0;
    header.e_shnum = 0;
    header.e_shstrndx = 0;
    std::memcpy(bytes.data(), &header, sizeof(header));
    const std::string path = write("x.so", bytes);
    EXPECT_EQ(refused(path), "");
    const auto info = Library::info(path);
    ASSERT_TRUE(info.has_value());
    EXPECT_TRUE(info->sections.empty());
    EXPECT_EQ(info->facts.defined.size(), 1u);
    EXPECT_EQ(refused(put("stripped")), "");
}

// The reader must say something of any bytes, and never reach outside them.
TEST_F(PluginFile, MayBeDamagedInAnyWay) {
    const std::string whole = built("minimal");
    std::mt19937 random(1);
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    std::vector<std::size_t> places;  // what is read: headers, dynamic section, tables of symbols
    for (std::size_t at = 0; at < 4096; ++at) places.push_back(at);
    const auto header = read_at<Elf64_Ehdr>(whole, 0);
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        const auto segment = read_at<Elf64_Phdr>(whole, header.e_phoff + i * sizeof(Elf64_Phdr));
        if (segment.p_type != PT_DYNAMIC) continue;
        for (std::size_t at = 0; at < segment.p_filesz; ++at)
            places.push_back(segment.p_offset + at);
    }
    for (std::size_t at = header.e_shoff; at < whole.size(); ++at) places.push_back(at);
    std::size_t taken = 0;
    constexpr int kRounds = 20'000;
    for (int i = 0; i < kRounds; ++i) {
        // A buffer of exactly the size, so that the sanitizer sees the byte behind it.
        std::vector<char> bytes(whole.begin(), whole.end());
        if (i % 8 == 0) bytes.resize(below(bytes.size()) + 1);
        for (std::size_t n = below(6) + 1; n != 0; --n) {
            const std::size_t at = places[below(places.size())] % bytes.size();
            bytes[at] = static_cast<char>(below(4) == 0 ? 0xff : below(256));
        }
        const auto facts = read_elf(std::as_bytes(std::span(bytes.data(), bytes.size())));
        if (facts.has_value()) {
            ++taken;
            examine(*facts);
        } else {
            EXPECT_EQ(facts.error().message.substr(0, 5), "elf: ");
        }
    }
    EXPECT_GT(taken, 100u);
    EXPECT_LT(taken, std::size_t{kRounds});
}

// Section headers are for tools; when they lie, Boost.DLL must not be led astray by them.
TEST_F(PluginFile, MayHaveLyingSectionHeaders) {
    const std::string whole = built("minimal");
    const auto header = read_at<Elf64_Ehdr>(whole, 0);
    const std::size_t size = std::size_t{header.e_shnum} * sizeof(Elf64_Shdr);
    constexpr char kLies[] = {'\0', '\x01', '\x18', '\xff'};
    for (std::size_t i = 0; i < size; i += 3) {
        std::string bytes = whole;
        bytes[header.e_shoff + i] = kLies[i % sizeof(kLies)];
        const auto info = Library::info(write("x.so", bytes));
        EXPECT_EQ(info.has_error() ? info.error().code : "A1", "A1");
    }
}

}  // namespace
}  // namespace parley::plugins
