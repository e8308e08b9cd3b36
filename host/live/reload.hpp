// live/reload.hpp: the house follows the configuration: its files, as soon as they change, and
// SIGHUP. [control]
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "http/deadline.hpp"
#include "live/file_watch.hpp"
#include "live/house.hpp"

namespace parley::live {

class Reload {
public:
    // Reads everything that the configuration is made from.
    using Read = std::function<config::Loaded()>;

    // `then` is called after each change. What the house lives by was read since `read_ms`, by the
    // wall's clock.
    Reload(House& house, Read read, std::function<void()> then, std::int64_t read_ms);

    // Takes over what is there now. What is wrong with it is logged, and the house stays as it is.
    // True when it is in force.
    bool now();

    // What the latest one that is in force has changed, in words.
    const std::vector<std::string>& changes() const { return changes_; }

    // What it says otherwise than what is in force and can only be so after a restart.
    const std::vector<std::string>& after_restart() const { return after_restart_; }

    // What is wrong with the configuration that was read last, for people; empty: it is in force.
    const std::vector<std::string>& faults() const { return faults_; }

private:
    void files_changed();
    bool take(config::Loaded loaded);
    void follow_files();
    bool refuse(const std::vector<config::Fault>& faults, const std::string& file);

    House& house_;
    Read read_;
    std::function<void()> then_;
    FileWatch files_;
    config::Contents contents_;  // of the files that the configuration in force names
    http::Deadline calm_;        // nothing has changed for a while
    std::vector<std::string> faults_;
    std::vector<std::string> changes_;
    std::vector<std::string> after_restart_;
};

}  // namespace parley::live
