// check/file_rules.cpp: what the file says without being run. The loader's own judgement.
#include "check/file_rules.hpp"

#include <algorithm>
#include <array>

#include "plugins/text.hpp"

namespace parley::check {

using plugins::Library;
using plugins::LibraryInfo;

namespace {

// What a plugin that computes has no use for.
constexpr std::array<std::string_view, 22> kNotForPlugins = {
    "exit",        "_exit",     "fork",   "vfork",      "execve",    "execvp",
    "execl",       "system",    "dlopen", "setenv",     "putenv",    "signal",
    "sigaction",   "setlocale", "chdir",  "umask",      "setrlimit", "pthread_create",
    "posix_spawn", "popen",     "atexit", "sigprocmask"};
// Nor these, unless it is a store or an observer, which may block.
constexpr std::array<std::string_view, 7> kNotForComputing = {
    "socket", "connect", "bind", "listen", "epoll_create1", "nanosleep", "usleep"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool may_block(const LibraryInfo& info) {
    if (!info.findings.manifest) return false;
    const auto& kinds = info.findings.manifest->kinds;
    return std::any_of(kinds.begin(), kinds.end(), [](const std::string& kind) {
        return kind == "store" || kind == "observer";
    });
}

}  // namespace

void file_is_right(Trial& trial, std::string_view id) {
    const auto info = Library::info(trial.subject().path);
    if (!info) {
        const std::string& code = info.error().code;
        if (code == id || (id == "A1" && code != "A2")) trial.fail(info.error().message);
        return;
    }
    for (const plugins::Finding& finding : info->findings.list) {
        if (finding.check != id) continue;
        finding.refused ? trial.fail(finding.text) : trial.warn(finding.text);
    }
}

void imports_what_it_may(Trial& trial) {
    const auto info = Library::info(trial.subject().path);
    if (!info) return;
    const bool blocks = may_block(*info);
    std::string odd;
    for (const std::string& name : info->facts.undefined) {
        if (blocks || (!has(kNotForPlugins, name) && !has(kNotForComputing, name))) continue;
        odd += (odd.empty() ? "" : ", ") + plugins::quoted(name);
    }
    if (!odd.empty()) trial.warn("symbols: imports " + odd + "; plugins compute, the host waits");
}

}  // namespace parley::check
