// writes.hpp: how documents are replaced: all of a call's, or none, whatever happens meanwhile.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "follower.hpp"

namespace parley::store_file {

// All functions need the write lock.
class Writes {
public:
    Writes(Folder& folder, Follower& follower) : folder_(folder), follower_(follower) {}

    // Fills in revisions; with a conflict, which one stood in the way.
    void write(std::span<const parley_write* const> writes,
               sdk::Cancel cancel,
               parley_written& out,
               std::span<uint64_t> revisions);

    // Whether another process may have died, or be at work, between the files of one call.
    bool is_unfinished() const;
    // Does what is left of it.
    void finish();

private:
    // One file to be replaced by a temporary one, or removed when there is none.
    struct Step {
        std::string temporary;
        std::string file;
    };

    void check_all(std::span<const parley_write* const> writes, parley_written& out) const;
    Change prepare(const parley_write& write, int64_t sequence, std::vector<Step>& steps);
    void take(const std::vector<Step>& steps);
    void take_one(const Step& step);
    void drop(const std::vector<Step>& steps) const;

    Folder& folder_;
    Follower& follower_;
};

}  // namespace parley::store_file
