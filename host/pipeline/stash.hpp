// pipeline/stash.hpp: reasoning that a client cannot carry, kept until it answers the tool call
// that came with it.
//
// Some upstreams want the reasoning of a tool loop back, and some clients have no field for it.
// What stood before a call is remembered under the caller and the call's id, as the client sees it.
// Bounded by entries, bytes and time; the one that was not asked for longest goes first. Any
// thread.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/limits.hpp"
#include "pipeline/seals.hpp"

namespace parley::pipeline {

// One reasoning part, or the seal of the call itself.
struct Stashed {
    struct Section {
        unsigned kind = 0;  // PARLEY_REASONING_*
        std::string text;
    };

    bool of_call = false;  // the seal belongs to the call; there are no sections then
    std::vector<Section> sections;
    Seal seal;  // scheme 0: none

    std::size_t bytes() const;
};

class Stash {
public:
    explicit Stash(const config::StashLimits& limits) : limits_(limits) {}

    // What is kept already stays until something else needs its room.
    void change(const config::StashLimits& limits);

    // What is too large is not kept. `now_ms` is monotonic.
    void put(std::string_view caller,
             std::string_view call_id,
             std::vector<Stashed> parts,
             std::uint64_t now_ms);

    // Empty when there is nothing, or nothing any more.
    std::vector<Stashed> find(std::string_view caller,
                              std::string_view call_id,
                              std::uint64_t now_ms);

    std::size_t bytes() const;

private:
    struct Entry {
        std::string key;
        std::vector<Stashed> parts;
        std::size_t bytes = 0;
        std::uint64_t until_ms = 0;
    };

    using Entries = std::list<Entry>;  // the one that was asked for last comes first

    void drop(Entries::iterator entry);

    mutable std::mutex mutex_;
    config::StashLimits limits_;
    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace parley::pipeline
