// check/guarded.hpp: bytes that end at the end of the memory: who reads one more, crashes.
#pragma once

#include <cstring>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace parley::check {

class Guarded {
public:
    explicit Guarded(std::string_view bytes) : size_(bytes.size()) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        room_ = (bytes.size() + page - 1) / page * page;
        void* const memory = ::mmap(
            nullptr, room_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return;
        memory_ = static_cast<char*>(memory);
        ::mprotect(memory_ + room_, page, PROT_NONE);
        mapped_ = room_ + page;
        std::memcpy(memory_ + room_ - size_, bytes.data(), size_);
        ::mprotect(memory_, room_, PROT_READ);  // borrowed is not given
    }

    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;

    ~Guarded() {
        if (memory_ != nullptr) ::munmap(memory_, mapped_);
    }

    std::string_view view() const {
        return memory_ == nullptr ? std::string_view()
                                  : std::string_view(memory_ + room_ - size_, size_);
    }

private:
    std::size_t size_;
    std::size_t room_ = 0;
    std::size_t mapped_ = 0;
    char* memory_ = nullptr;
};

}  // namespace parley::check
