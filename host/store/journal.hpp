// store/journal.hpp: records that survive a crash, in one file: what append() returned is on the
// disk. A record that a crash cut off is dropped at the next start, those before it are there.
//
// The file is a line that names its form and then the records: the length of the text, the CRC-32
// of length and text (both 32 bits, little-endian), and the text.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace parley::store {

class Journal {
public:
    // Reads the records of the file in their order; one that does not exist has none. `problem`
    // says what was dropped, empty when nothing was but the record that a crash cut off; the
    // damaged file is then kept beside, under a name that ends in ".damaged".
    struct Opened;
    static base::Result<Opened> open(std::string path);
    // Reads without a change to the file, which another process may be writing.
    static base::Result<Opened> look(const std::string& path);

    Journal() = default;

    Journal(Journal&& other) noexcept { swap(other); }

    Journal& operator=(Journal&& other) noexcept {
        swap(other);
        return *this;
    }

    ~Journal();

    // All of them or none, on the disk when it returns. After a failure it may be called again.
    base::Result<void> append(std::span<const std::string> records);
    // In place of all that is there.
    base::Result<void> rewrite(std::span<const std::string> records);

    std::uint64_t bytes() const { return bytes_; }

private:
    void swap(Journal& other) noexcept;
    base::Error failure(const char* what) const;

    std::string path_;
    int fd_ = -1;
    std::uint64_t bytes_ = 0;  // of whole records, and the first line
    bool has_rest_ = false;    // behind them stands what a crash or a failure left
};

struct Journal::Opened {
    Journal journal;
    std::vector<std::string> records;
    std::string problem;
};

// Makes a folder, and those above it, for its owner only. False: it is not there, errno
// says why.
bool make_private_folder(const std::string& path);

}  // namespace parley::store
