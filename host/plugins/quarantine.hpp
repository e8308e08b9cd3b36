// plugins/quarantine.hpp: files that brought workers down too often are not loaded again. What was
// counted outlives the process; another file, however it is called, begins anew.
//
// A crash is counted for its suspects (supervisor/worker.hpp), and a worker is told of it before it
// loads anything, so that a plugin which crashes while it is loaded is held as well. [control]
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace parley::plugins {

class Quarantine {
public:
    struct Rules {
        std::uint64_t crashes_max = 3;  // that many within the window are too many; 0: any number
        std::uint64_t window_ms = 600'000;
    };

    // With what `file` says. What cannot be read of it holds nothing.
    Quarantine(std::string file, Rules rules);

    // One more crash, at a time of the wall clock. Fails when it cannot be written down.
    base::Result<void> count(std::string_view sha256, std::string_view name, std::int64_t at_ms);

    // Why a file with these contents is held; empty: it is not.
    std::string why(const std::string& sha256) const;

private:
    struct Record {
        std::string name;
        std::vector<std::int64_t> crashes_ms;
        bool is_held = false;
    };

    void read(std::string_view text);
    base::Result<void> write() const;

    std::string file_;
    Rules rules_;
    std::map<std::string, Record> records_;  // by sha256
};

}  // namespace parley::plugins
