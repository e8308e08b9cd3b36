// base/bytes.hpp: a growing buffer that does not clear what is about to be overwritten.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace parley::base {

class Bytes {
public:
    Bytes() = default;

    Bytes(Bytes&& other) noexcept { swap(other); }

    Bytes& operator=(Bytes&& other) noexcept {
        swap(other);
        return *this;
    }

    ~Bytes() { std::free(data_); }

    bool empty() const { return size_ == 0; }

    std::size_t size() const { return size_; }

    std::size_t capacity() const { return capacity_; }

    char* data() { return data_; }

    std::string_view view() const { return {data_, size_}; }

    // Room for exactly so many bytes in all, no more.
    void reserve(std::size_t capacity) {
        if (capacity <= capacity_) return;
        auto* grown = static_cast<char*>(std::realloc(data_, capacity));
        if (grown == nullptr) throw std::bad_alloc();
        data_ = grown;
        capacity_ = capacity;
    }

    // At least `room` writable bytes behind the end; commit() says how many were written.
    std::span<char> prepare(std::size_t room) {
        if (capacity_ - size_ < room) reserve(std::max(size_ + room, capacity_ * 2));
        return {data_ + size_, capacity_ - size_};
    }

    void commit(std::size_t written) { size_ += written; }

    void append(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(prepare(text.size()).data(), text.data(), text.size());
        size_ += text.size();
    }

    void drop_front(std::size_t n) {
        size_ -= n;
        if (n != 0 && size_ != 0) std::memmove(data_, data_ + n, size_);
    }

    void truncate(std::size_t size) { size_ = size; }

    void clear() { size_ = 0; }

    // Gives the memory back.
    void release() {
        std::free(std::exchange(data_, nullptr));
        size_ = capacity_ = 0;
    }

    void swap(Bytes& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace parley::base
