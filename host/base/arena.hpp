// base/arena.hpp: the bump allocator of an exchange. Everything in it dies with it.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "parley/abi.h"

namespace parley::base {

class Arena {
public:
    // `bytes_max` bounds what it takes from the heap.
    explicit Arena(std::size_t bytes_max) : bytes_left_(bytes_max) {
        view_.struct_size = sizeof(view_);
        view_.ctx = this;
        view_.alloc = [](const parley_arena* a, uint64_t size, uint64_t align) {
            return static_cast<Arena*>(a->ctx)->alloc(size, align);
        };
    }

    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Memory for `size` bytes, or nullptr when the limit is reached.
    void* alloc(std::size_t size, std::size_t align) {
        const std::size_t pad = (align - reinterpret_cast<std::uintptr_t>(at_) % align) % align;
        if (size > left_ || pad > left_ - size) return grow(size, align);
        char* memory = at_ + pad;
        at_ = memory + size;
        left_ -= pad + size;
        return memory;
    }

    // A copy of the text; empty when the limit is reached.
    std::string_view copy(std::string_view text) {
        auto* memory = static_cast<char*>(alloc(text.size(), 1));
        if (memory == nullptr) return {};
        std::memcpy(memory, text.data(), text.size());
        return {memory, text.size()};
    }

    const parley_arena* border() const { return &view_; }

private:
    struct Block {
        std::unique_ptr<Block> older;
        std::unique_ptr<char[]> bytes;
    };

    void* grow(std::size_t size, std::size_t align) {
        const std::size_t wanted = size + align > kBlockBytes ? size + align : kBlockBytes;
        if (wanted > bytes_left_) return nullptr;
        bytes_left_ -= wanted;
        auto block = std::make_unique<Block>();
        block->bytes = std::unique_ptr<char[]>(new char[wanted]);
        at_ = block->bytes.get();
        left_ = wanted;
        block->older = std::move(blocks_);
        blocks_ = std::move(block);
        return alloc(size, align);
    }

    static constexpr std::size_t kInlineBytes = 1024;
    static constexpr std::size_t kBlockBytes = 4096;

    char* at_ = inline_;
    std::size_t left_ = kInlineBytes;
    std::size_t bytes_left_;
    std::unique_ptr<Block> blocks_;
    parley_arena view_{};
    alignas(16) char inline_[kInlineBytes];
};

}  // namespace parley::base
