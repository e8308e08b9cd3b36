// live/rehearsal.hpp: libraries that come are loaded in a process of their own first: what crashes
// or hangs there takes no stream along. [control]
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "plugins/library.hpp"

namespace parley::live {

class Rehearsal {
public:
    // Tries what is new in the folders, as far as it may be loaded at all. True: something was.
    bool look(const std::vector<std::string>& folders,
              const plugins::LoadOptions& options,
              std::chrono::milliseconds time_max);

    bool knows(const std::string& sha256) const { return failed_.contains(sha256); }

    // Why a file with these contents must not be loaded; empty: it may, or nobody has tried.
    std::string why(const std::string& sha256) const;

    // How long a library may take, as the configuration has it.
    static std::chrono::milliseconds time_max(const config::Config& config);

    // Loads it in a child; why it must not be loaded here, empty: it may.
    static std::string attempt(plugins::Judged file, std::chrono::milliseconds time_max);

private:
    void attempt(const std::string& file,
                 const plugins::LoadOptions& options,
                 std::chrono::milliseconds time_max);

    std::map<std::string, std::string> seen_;    // by file: how it looked
    std::map<std::string, std::string> failed_;  // by hash: how; empty: it did not
};

}  // namespace parley::live
