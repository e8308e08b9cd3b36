// folder.hpp: the files of the store, each call with its error in words.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/sdk/document_file.hpp"

namespace parley::store_file {

// A file descriptor that is closed with its owner.
class Descriptor {
public:
    Descriptor() = default;

    explicit Descriptor(int number) : number_(number) {}

    Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }

    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int get() const { return number_; }

    bool is_open() const { return number_ >= 0; }

private:
    int number_ = -1;
};

// What `errno` means for who called.
sdk::Failure system_failure(int error, std::string_view what, std::string_view path);

// Which contents a file has, without a look at them. A write of the store always has a later time
// than the one before, so that its revision is another one; so has any other write, but for two of
// the same length within one tick of the system's clock.
struct Stamp {
    int64_t modified_ns = 0;
    uint64_t inode = 0;
    uint64_t size = 0;

    bool operator==(const Stamp&) const = default;

    uint64_t revision() const {
        sdk::RevisionHash hash;
        hash.add(static_cast<uint64_t>(modified_ns)).add(inode).add(size);
        return hash.revision();
    }
};

struct Contents {
    std::string text;
    Stamp stamp;
};

// Whole and on the disk, but not in its place yet.
struct Temporary {
    std::string name;
    Stamp stamp;
};

// The store's folder. Paths are relative to it.
class Folder {
public:
    // Makes what is missing, if it may: folders 0700, and `.parley` with the store's own files.
    void open(const std::string& root, bool create);

    const std::string& root() const { return root_; }

    std::string path(std::string_view name) const { return root_ + '/' + std::string(name); }

    // Throws when the folder is no store any more: nothing in it can be said to be missing then.
    void check() const;

    std::optional<Stamp> stamp(std::string_view name) const;
    // Throws when it is longer than `bytes_max`. What is written meanwhile is read again.
    std::optional<Contents> read(std::string_view name, uint64_t bytes_max) const;

    // A file of its own in `.parley/tmp`, on the disk when this returns.
    Temporary write_temporary(std::string_view text, int64_t modified_ns);
    void make_folders_for(std::string_view name) const;
    void move(std::string_view from, std::string_view to) const;
    // A file that is not there is removed.
    void remove(std::string_view name) const;
    // Renames and removals in the folder of that file are on the disk when this returns.
    void sync_folder_of(std::string_view name) const;
    // Replaces a file of the store's own.
    void replace(std::string_view name, std::string_view text);

    // These two are called with the lock.
    void check_clock();
    void remove_temporaries() const;

private:
    std::string root_;
    std::atomic<uint64_t> temporaries_{0};
};

}  // namespace parley::store_file
