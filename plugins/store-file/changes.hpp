// changes.hpp: what was written when, by anybody: `.parley/changes`, a file that all processes
// append to under the lock and read to its end.
//
//   parley-changes/1 <id of the store> <floor>
//   <sequence> <revision, 0: removed> <key>
//
// Sequences are times that always grow, so that those of lines that a crash of the machine took
// away never come again. A line that is lost is written anew when the documents are compared with
// it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "folder.hpp"

namespace parley::store_file {

struct Change {
    std::string key;
    uint64_t revision = PARLEY_REVISION_NONE;  // NONE: removed
};

// Not for several threads at once. Functions say when they need the write lock.
class ChangeLog {
public:
    explicit ChangeLog(Folder& folder) : folder_(folder) {}

    // Starts a log where there is none, or none that can be read. Write lock.
    void open();
    // Forgets all positions. Write lock.
    void start_anew();
    // Takes in what others have appended.
    void read_on();
    // A sequence that is later than all others, which is also a time for a file. Write lock, behind
    // read_on.
    int64_t next_sequence() const;
    // Write lock, behind read_on. Room for an append, so that it does not fail for the lack of it.
    void reserve(std::span<const Change> changes) const;
    void append(std::span<const Change> changes, int64_t sequence);

    // The revision that the log knows of a document; NONE when it knows of none.
    uint64_t revision(const std::string& key) const;
    // Those of documents, behind `after`, `limit` at most.
    std::vector<std::string> keys_below(std::string_view prefix,
                                        std::string_view after,
                                        uint64_t limit) const;
    // Keys that changed behind that sequence.
    std::vector<std::string> changed(std::string_view prefix, int64_t since) const;

    std::string position() const;
    // What a position stands for; false when it is none of this store's or too old.
    bool read_position(std::string_view text, int64_t& sequence) const;

private:
    struct Entry {
        int64_t sequence = 0;
        uint64_t revision = 0;
    };

    bool read_from_start();
    bool take(std::string_view lines);
    void take_line(std::string_view line);
    void start(int64_t floor);
    void shorten();

    Folder& folder_;
    Descriptor file_;
    uint64_t inode_ = 0;
    uint64_t read_bytes_ = 0;
    uint64_t lines_ = 0;
    std::string id_;
    int64_t floor_ = 0;   // older positions are too old
    int64_t last_ = 0;    // of this log; younger positions are of another day's
    int64_t latest_ = 0;  // of all logs that were here: numbers are not used again
    std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace parley::store_file
