// check/memory_count.cpp: the entries by which a library finds malloc and its like are pointed to
// functions that count. Nothing is preloaded and nothing is built otherwise for it.
#include "check/memory_count.hpp"

#include <atomic>
#include <cstdlib>
#include <elf.h>
#include <link.h>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace parley::check {

namespace {

// What the functions below find; C functions take no state.
std::atomic<std::uint64_t> taken_so_far{0};

void* counted_malloc(std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size);
}

void* counted_calloc(std::size_t count, std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return std::calloc(count, size);
}

void* counted_realloc(void* memory, std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return std::realloc(memory, size);
}

void* counted_aligned_alloc(std::size_t align, std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return std::aligned_alloc(align, size);
}

int counted_posix_memalign(void** memory, std::size_t align, std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return ::posix_memalign(memory, align, size);
}

void* counted_new(std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return ::operator new(size);
}

void* counted_aligned_new(std::size_t size, std::align_val_t align) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return ::operator new(size, align);
}

void* counted_array_new(std::size_t size) {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return ::operator new[](size);
}

void* counted_nothrow_new(std::size_t size, const std::nothrow_t& tag) noexcept {
    taken_so_far.fetch_add(1, std::memory_order_relaxed);
    return ::operator new(size, tag);
}

struct Counted {
    std::string_view name;
    void* function;
    bool is_of_cpp = false;  // looked for in the C++ library, too, whose malloc is below it
};

const Counted kCounted[] = {
    {"malloc", reinterpret_cast<void*>(counted_malloc)},
    {"calloc", reinterpret_cast<void*>(counted_calloc)},
    {"realloc", reinterpret_cast<void*>(counted_realloc)},
    {"aligned_alloc", reinterpret_cast<void*>(counted_aligned_alloc)},
    {"posix_memalign", reinterpret_cast<void*>(counted_posix_memalign)},
    {"_Znwm", reinterpret_cast<void*>(counted_new), true},
    {"_Znam", reinterpret_cast<void*>(counted_array_new), true},
    {"_ZnwmSt11align_val_t", reinterpret_cast<void*>(counted_aligned_new), true},
    {"_ZnwmRKSt9nothrow_t", reinterpret_cast<void*>(counted_nothrow_new), true},
};

// An entry that was pointed elsewhere, and where it pointed.
struct Turned {
    void** entry;
    void* before;
};

std::vector<Turned> turned;
bool uses_cpp = false;  // the library takes memory with new

#if defined(__aarch64__)
constexpr std::uint64_t kToFunction[] = {R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT};
#else
constexpr std::uint64_t kToFunction[] = {R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT};
#endif

void write(void** entry, void* value) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    void* const begin =
        reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(entry) & ~(page - 1));
    ::mprotect(begin, page, PROT_READ | PROT_WRITE);  // what the loader made read-only
    *entry = value;
}

void turn(void** entry, std::string_view name, bool is_cpp) {
    for (const Counted& each : kCounted) {
        if (each.name != name || (is_cpp && !each.is_of_cpp)) continue;
        uses_cpp = uses_cpp || each.is_of_cpp;
        turned.push_back({entry, *entry});
        write(entry, each.function);
    }
}

// What an object in memory says of itself to the loader.
struct Dynamic {
    const ElfW(Sym) * symbols = nullptr;
    const char* strings = nullptr;
    const ElfW(Rela) * jumps = nullptr;
    std::size_t jump_bytes = 0;
    const ElfW(Rela) * relocations = nullptr;
    std::size_t relocation_bytes = 0;
    std::uintptr_t base = 0;
    bool is_cpp = false;  // the C++ library
};

Dynamic read(const ElfW(Dyn) * at) {
    Dynamic out;
    for (; at->d_tag != DT_NULL; ++at) {
        const auto address = at->d_un.d_ptr;  // glibc has made it absolute
        if (at->d_tag == DT_SYMTAB) out.symbols = reinterpret_cast<const ElfW(Sym)*>(address);
        if (at->d_tag == DT_STRTAB) out.strings = reinterpret_cast<const char*>(address);
        if (at->d_tag == DT_JMPREL) out.jumps = reinterpret_cast<const ElfW(Rela)*>(address);
        if (at->d_tag == DT_PLTRELSZ) out.jump_bytes = at->d_un.d_val;
        if (at->d_tag == DT_RELA) out.relocations = reinterpret_cast<const ElfW(Rela)*>(address);
        if (at->d_tag == DT_RELASZ) out.relocation_bytes = at->d_un.d_val;
    }
    return out;
}

void turn_all(const Dynamic& from, const ElfW(Rela) * list, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes / sizeof(*list); ++i) {
        const std::uint64_t type = ELF64_R_TYPE(list[i].r_info);
        if (type != kToFunction[0] && type != kToFunction[1]) continue;
        const char* const name = from.strings + from.symbols[ELF64_R_SYM(list[i].r_info)].st_name;
        turn(reinterpret_cast<void**>(from.base + list[i].r_offset), name, from.is_cpp);
    }
}

bool holds(const dl_phdr_info& object, std::uintptr_t address) {
    for (int i = 0; i < object.dlpi_phnum; ++i) {
        const auto& part = object.dlpi_phdr[i];
        const std::uintptr_t begin = object.dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD && address >= begin && address - begin < part.p_memsz)
            return true;
    }
    return false;
}

void turn_object(const dl_phdr_info& object, bool is_cpp) {
    for (int i = 0; i < object.dlpi_phnum; ++i) {
        const auto& part = object.dlpi_phdr[i];
        if (part.p_type != PT_DYNAMIC) continue;
        Dynamic from = read(reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + part.p_vaddr));
        from.base = object.dlpi_addr;
        from.is_cpp = is_cpp;
        turn_all(from, from.jumps, from.jump_bytes);
        turn_all(from, from.relocations, from.relocation_bytes);
    }
}

int turn_library(dl_phdr_info* object, std::size_t, void* address) {
    if (holds(*object, reinterpret_cast<std::uintptr_t>(address))) turn_object(*object, false);
    return 0;
}

int turn_cpp(dl_phdr_info* object, std::size_t, void*) {
    const std::string_view name = object->dlpi_name;
    if (name.find("/libstdc++.so") != name.npos) turn_object(*object, true);
    return 0;
}

}  // namespace

MemoryCount::MemoryCount(const void* address, bool with_cpp) {
    turned.clear();
    uses_cpp = false;
    ::dl_iterate_phdr(turn_library, const_cast<void*>(address));
    if (with_cpp && uses_cpp) ::dl_iterate_phdr(turn_cpp, nullptr);
    taken_so_far = 0;
}

MemoryCount::~MemoryCount() {
    for (const Turned& each : turned) *each.entry = each.before;
    turned.clear();
}

std::uint64_t MemoryCount::taken() const {
    return taken_so_far;
}

}  // namespace parley::check
