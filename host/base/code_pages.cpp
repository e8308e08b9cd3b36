#include "base/code_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <link.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace parley::base {

namespace {

// A debugger writes its breakpoints into the code.
bool is_traced() {
    constexpr std::string_view kTracer = "TracerPid:";
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(kTracer)) return std::stol(line.substr(kTracer.size())) != 0;
    }
    return true;  // who cannot know, leaves it alone
}

// The program itself has no name here. Plugins are loaded by a path of /proc.
bool is_in_file(std::string_view name) {
    return name.empty() || (name.starts_with('/') && !name.starts_with("/proc/"));
}

// What is relocated lies in segments that can be written.
int let_go(dl_phdr_info* library, std::size_t /*size*/, void* /*unused*/) {
    if (!is_in_file(library->dlpi_name)) return 0;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (int i = 0; i < library->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = library->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const std::uintptr_t start = library->dlpi_addr + segment.p_vaddr;
        const std::uintptr_t begin = start & ~(page - 1);
        const std::uintptr_t end = (start + segment.p_memsz) & ~(page - 1);
        if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}

}  // namespace

// The loader lets no library leave meanwhile.
void let_go_of_code() {
    if (!is_traced()) ::dl_iterate_phdr(let_go, nullptr);
}

}  // namespace parley::base
