// allocations.cpp: replaces operator new by one that counts.
#include "support/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> taken{0};
std::atomic<std::size_t> taken_bytes{0};

void* take(std::size_t size) {
    taken.fetch_add(1, std::memory_order_relaxed);
    taken_bytes.fetch_add(size, std::memory_order_relaxed);
    return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

std::size_t parley::support::allocations() {
    return taken.load(std::memory_order_relaxed);
}

std::size_t parley::support::allocated_bytes() {
    return taken_bytes.load(std::memory_order_relaxed);
}

void* operator new(std::size_t size) {
    if (void* memory = take(size)) return memory;
    throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return take(size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
