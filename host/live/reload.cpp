#include "live/reload.hpp"

#include "base/log.hpp"

namespace parley::live {

using base::LogLevel;

Reload::Reload(House& house, Read read) : house_(house), read_(std::move(read)) {
    house_.on_hang_up([this] { now(); });
}

void Reload::now() {
    config::Loaded loaded = read_();
    const std::string file = loaded.config.file;
    for (const config::Fault& warning : loaded.warnings) {
        base::log(LogLevel::warn, "configuration", {{"warning", warning.text(file)}});
    }
    std::vector<config::Fault> faults = std::move(loaded.faults);
    if (faults.empty()) {
        const Inputs& now = house_.inputs();
        faults = house_.change({std::move(loaded.config), now.catalogue, now.stored});
    }
    for (const config::Fault& fault : faults) {
        base::log(LogLevel::error, "configuration refused", {{"why", fault.text(file)}});
    }
    if (!faults.empty()) return;
    house_.when_in_force([file] {
        base::log(LogLevel::info, "configuration changed", {{"file", file}});
    });
}

}  // namespace parley::live
