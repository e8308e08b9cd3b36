#include "live/reload.hpp"

#include <filesystem>

#include "base/code_pages.hpp"
#include "base/log.hpp"
#include "config/changes.hpp"

namespace parley::live {

using base::LogLevel;
using config::Config;
using config::Fault;

namespace {

// Of a change that is larger, people look at the file.
constexpr std::size_t kLinesMax = 40;
// After so long what a start or a reload has called is not called any more.
constexpr std::uint64_t kCalmMs = 500;
// Files are stamped by a clock that goes in steps.
constexpr std::int64_t kClockStepMs = 20;

void log_changes(const std::vector<std::string>& lines, const std::string& file) {
    for (std::size_t i = 0; i < lines.size() && i < kLinesMax; ++i) {
        base::log(LogLevel::info, "change", {{"what", lines[i]}});
    }
    base::log(LogLevel::info,
              lines.empty() ? "configuration read again" : "configuration changed",
              {{"file", file}, {"changes", lines.size()}});
}

// As a file is that somebody is about to write; all that it said before would be gone.
bool is_empty(const std::string& file) {
    std::error_code fault;
    return !file.empty() && std::filesystem::file_size(file, fault) == 0 && !fault;
}

// Keeps what cannot change under way, and says so.
std::vector<std::string> keep_fixed(const Config& before, Config& now) {
    std::vector<std::string> lines = config::changes_for_a_restart(before, now);
    for (const std::string& line : lines) {
        base::log(LogLevel::warn, "a restart is needed", {{"for", line}});
    }
    now.store = before.store;
    now.state_folder = before.state_folder;
    now.server.threads = before.server.threads;
    now.server.workers = before.server.workers;
    now.log.format = before.log.format;
    return lines;
}

}  // namespace

Reload::Reload(House& house, Read read, std::function<void()> then, std::int64_t read_ms)
    : house_(house),
      read_(std::move(read)),
      then_(std::move(then)),
      files_(house.control(), [this] { files_changed(); }),
      contents_(config::contents_of(house.inputs().config)),
      calm_(house.control().deadlines(), nullptr, [](void*) { base::let_go_of_code(); }) {
    house_.on_hang_up([this] { now(); });
    calm_.set(kCalmMs);
    follow_files();
    files_.tell_since(read_ms - kClockStepMs);
}

void Reload::follow_files() {
    const Config& config = house_.inputs().config;
    const config::ReloadLimits& limits = config.reload.limits;
    if (!config.reload.watch || !house_.is_followed()) return files_.watch({}, {});
    files_.watch(config::files_of(config), {limits.quiet_ms, limits.wait_max_ms});
    if (files_.fault().empty()) return;
    base::log(LogLevel::warn,
              "the configuration's files cannot be watched; SIGHUP still reads them",
              {{"why", files_.fault()}});
}

bool Reload::now() {
    return take(read_());
}

// What was read while somebody wrote it is nothing; there is more to be told of it.
void Reload::files_changed() {
    config::Loaded loaded = read_();
    if (files_.still_holds()) take(std::move(loaded));
}

bool Reload::take(config::Loaded loaded) {
    const std::string file = loaded.config.file;
    for (const Fault& warning : loaded.warnings) {
        base::log(LogLevel::warn, "configuration", {{"warning", warning.text(file)}});
    }
    faults_.clear();
    if (is_empty(file)) return refuse({{{}, "", "empty; a configuration was expected"}}, file);
    if (!loaded.faults.empty()) return refuse(loaded.faults, file);
    const Config before = house_.inputs().config;
    auto waits = keep_fixed(before, loaded.config);
    auto lines = config::changes(before, loaded.config);
    config::Contents contents = config::contents_of(loaded.config);
    const auto lines_of_files = config::changes(contents_, contents);
    lines.insert(lines.end(), lines_of_files.begin(), lines_of_files.end());
    Inputs next = house_.inputs();
    next.config = std::move(loaded.config);
    if (auto faults = house_.change(std::move(next)); !faults.empty()) return refuse(faults, file);
    changes_ = lines;
    contents_ = std::move(contents);
    after_restart_ = std::move(waits);
    house_.when_in_force([lines = std::move(lines), file] { log_changes(lines, file); });
    follow_files();
    then_();
    house_.say_changed();
    calm_.set(kCalmMs);
    return true;
}

bool Reload::refuse(const std::vector<Fault>& faults, const std::string& file) {
    for (const Fault& fault : faults) {
        faults_.push_back(fault.text(file));
        base::log(LogLevel::error, "configuration refused", {{"why", faults_.back()}});
    }
    return false;
}

}  // namespace parley::live
