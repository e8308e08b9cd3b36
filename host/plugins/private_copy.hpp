// plugins/private_copy.hpp: a plugin file as nobody can change it any more.
//
// A library that is overwritten or cut while it is loaded kills the process, and a loader that
// opens a file by name may not get what was checked. So a file is opened once, copied into sealed
// memory, and only the copy is hashed, checked and loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.hpp"

namespace parley::plugins {

class PrivateCopy {
public:
    // Refuses what others than root and the user that runs this could have written.
    static base::Result<PrivateCopy> make(const std::string& path, std::uint64_t bytes_max);

    PrivateCopy(PrivateCopy&& other) noexcept { swap(other); }

    PrivateCopy& operator=(PrivateCopy&& other) noexcept {
        swap(other);
        return *this;
    }

    ~PrivateCopy();

    // The name by which the loader finds the copy. The loader takes two files of one name for the
    // same library, so the name must stay this file's for as long as the library is in memory.
    std::string path() const;

    // From here on path() stays this file's until the process ends.
    void keep() { kept_ = true; }

    // Writes the same bytes to a file of this user's own, whole or not at all.
    base::Result<void> write_to(const std::string& path) const;

    // Gives back the memory that reading bytes() took; they can still be read.
    void drop_pages() const;

    const std::string& sha256() const { return sha256_; }  // hexadecimal

    std::span<const std::byte> bytes() const { return {data_, size_}; }

private:
    PrivateCopy() = default;

    bool fill(int source, std::uint64_t size, const std::string& name);
    bool seal_and_map();
    bool hash();
    void swap(PrivateCopy& other) noexcept;

    int fd_ = -1;
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    bool kept_ = false;
    std::string sha256_;
};

// SHA-256 in hexadecimal; empty when the crypto library fails.
std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace parley::plugins
