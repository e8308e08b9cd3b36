#include "store/wiped_memory.hpp"

#include <new>

#include <boost/json/memory_resource.hpp>

#include "base/secret.hpp"

namespace parley::store {

namespace {

class WipedMemory final : public boost::json::memory_resource {
    void* do_allocate(std::size_t size, std::size_t align) override {
        return ::operator new(size, std::align_val_t(align));
    }

    void do_deallocate(void* memory, std::size_t size, std::size_t align) override {
        base::wipe(memory, size);
        ::operator delete(memory, std::align_val_t(align));
    }

    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
        return this == &other;
    }
};

}  // namespace

boost::json::storage_ptr wiped_memory() {
    static WipedMemory memory;
    return &memory;
}

}  // namespace parley::store
