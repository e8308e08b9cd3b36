// support/guarded.hpp: memory whose neighbours cannot be touched, so that reading past an end is a
// crash.
#pragma once

#include <cstring>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace parley::test {

// Pages between two that cannot be read.
class GuardedPages {
public:
    explicit GuardedPages(std::size_t bytes)
        : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          size_((bytes + page_ - 1) / page_ * page_) {
        void* all =
            ::mmap(nullptr, size_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) throw std::bad_alloc();
        begin_ = static_cast<char*>(all) + page_;
        ::mprotect(begin_, size_, PROT_READ | PROT_WRITE);
    }

    ~GuardedPages() { ::munmap(begin_ - page_, size_ + 2 * page_); }

    GuardedPages(const GuardedPages&) = delete;
    GuardedPages& operator=(const GuardedPages&) = delete;

    char* begin() { return begin_; }

    char* end() { return begin_ + size_; }

    // A copy that ends where the readable memory ends, or starts where it starts.
    std::string_view at_end(std::string_view text) { return put(end() - text.size(), text); }

    std::string_view at_begin(std::string_view text) { return put(begin(), text); }

    // Makes what lies more than a page before `p` unreadable, or all readable again.
    void forget_before(const char* p) {
        const auto passed = static_cast<std::size_t>(p - begin_) / page_;
        if (passed > 1) ::mprotect(begin_, (passed - 1) * page_, PROT_NONE);
    }

    void remember() { ::mprotect(begin_, size_, PROT_READ | PROT_WRITE); }

private:
    static std::string_view put(char* to, std::string_view text) {
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        return {to, text.size()};
    }

    std::size_t page_;
    std::size_t size_;
    char* begin_ = nullptr;
};

}  // namespace parley::test
