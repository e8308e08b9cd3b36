#include "base/black_box.hpp"

#include <algorithm>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace parley::base {

namespace {

// A crash must find it without asking anybody: like the log, it belongs to the process.
BlackBox g_own;
BlackBox* g_box = &g_own;
BlackBoxLine g_shared_line;

// Takes a line for the thread's life.
struct Claim {
    BlackBoxLine* line = &g_shared_line;

    Claim() {
        const auto self = static_cast<std::int32_t>(::syscall(SYS_gettid));
        for (BlackBoxLine& free : g_box->lines) {
            std::int32_t nobody = 0;
            if (!free.thread.compare_exchange_strong(nobody, self)) continue;
            line = &free;
            return;
        }
    }

    ~Claim() {
        if (line == &g_shared_line) return;
        line->is_loop.store(0);
        line->now.store(0);
        line->last.store(0);
        line->thread.store(0);
    }
};

template <std::size_t N>
void put(std::string_view text, std::array<char, N>& into) {
    into.fill('\0');
    std::copy_n(text.begin(), std::min(text.size(), N - 1), into.begin());
}

}  // namespace

BlackBox& black_box() {
    return *g_box;
}

bool keep_black_box(int descriptor) {
    void* const page =
        ::mmap(nullptr, sizeof(BlackBox), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (page == MAP_FAILED) return false;
    g_box = static_cast<BlackBox*>(page);
    return true;
}

BlackBoxLine& black_box_line() {
    thread_local const Claim claim;
    return *claim.line;
}

BlackBoxEntry::BlackBoxEntry(std::string_view file, std::string_view sha256) {
    auto& all = g_box->plugins;
    const auto free = std::find_if(all.begin(), all.end(), [](const BlackBoxPlugin& plugin) {
        return plugin.sha256.front() == '\0';
    });
    if (free == all.end()) return;  // its crashes will be nobody's
    put(file, free->file);
    put(sha256, free->sha256);
    number_ = static_cast<std::uint32_t>(free - all.begin()) + 1;
}

BlackBoxEntry::~BlackBoxEntry() {
    if (number_ != 0) g_box->plugins[number_ - 1].sha256.fill('\0');
}

}  // namespace parley::base
