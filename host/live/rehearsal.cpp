#include "live/rehearsal.hpp"

#include <csignal>
#include <filesystem>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/black_box.hpp"
#include "check/child.hpp"

namespace parley::live {

namespace fs = std::filesystem;

namespace {

// Of contents that were tried, so many are remembered.
constexpr std::size_t kTriedMax = 1024;

#if defined(__SANITIZE_THREAD__)
constexpr bool kCanFork = false;  // what was forked of many threads may start none
#else
constexpr bool kCanFork = true;
#endif

std::string look_of(const std::string& file) {
    struct stat s {};

    if (::stat(file.c_str(), &s) != 0) return "";
    const auto text = [](auto number) { return std::to_string(number) + ' '; };
    return text(s.st_dev) + text(s.st_ino) + text(s.st_size) + text(s.st_mtim.tv_sec) +
           text(s.st_mtim.tv_nsec) + text(s.st_ctim.tv_sec) + text(s.st_ctim.tv_nsec);
}

// The child has all that the process has: connections that end meanwhile must end for their peers,
// and a crash must not be told where those of this process are.
void let_go_of_the_house(int kept) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM}) {
        ::signal(signal, SIG_DFL);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (kept > STDERR_FILENO + 1) ::close_range(STDERR_FILENO + 1, kept - 1, 0);
    ::close_range(kept + 1, ~0u, 0);
    const int box = ::memfd_create("rehearsal", MFD_CLOEXEC);
    if (::ftruncate(box, sizeof(base::BlackBox)) == 0) base::keep_black_box(box);
}

}  // namespace

std::string Rehearsal::why(const std::string& sha256) const {
    const auto found = failed_.find(sha256);
    return found == failed_.end() ? "" : found->second;
}

bool Rehearsal::look(const std::vector<std::string>& folders,
                     const plugins::LoadOptions& options,
                     std::chrono::milliseconds time_max) {
    // What is trusted from now on is tried again.
    const std::string mark = options.trust ? options.trust->mark() : "";
    std::map<std::string, std::string> now;
    for (const std::string& folder : folders) {
        std::error_code fault;
        for (const auto& entry : fs::directory_iterator(folder, fault)) {
            if (entry.path().extension() != ".so") continue;
            now[entry.path()] = look_of(entry.path()) + mark;
        }
    }
    now.swap(seen_);
    if (failed_.size() > kTriedMax) failed_.clear();
    bool is_news = false;
    for (const auto& [file, look] : seen_) {
        const auto before = now.find(file);
        if (before != now.end() && before->second == look) continue;
        attempt(file, options, time_max);
        is_news = true;
    }
    return is_news;
}

std::chrono::milliseconds Rehearsal::time_max(const config::Config& config) {
    constexpr std::chrono::milliseconds kWhereCallsAreNotWatched(10'000);
    const std::chrono::milliseconds stuck(config.supervisor.stuck_abort_ms);
    return stuck.count() == 0 ? kWhereCallsAreNotWatched : stuck;
}

void Rehearsal::attempt(const std::string& file,
                        const plugins::LoadOptions& options,
                        std::chrono::milliseconds time_max) {
    auto judged = plugins::Library::judge(file, options);
    if (!judged || knows(judged->info.sha256)) return;
    if (options.is_unasked && options.is_unasked(judged->manifest)) return;
    const std::string sha256 = judged->info.sha256;
    failed_[sha256] = attempt(std::move(*judged), time_max);
}

std::string Rehearsal::attempt(plugins::Judged file, std::chrono::milliseconds time_max) {
    if (!kCanFork) return "";
    const std::string copy = file.copy.path();  // "/proc/self/fd/7"
    const int kept = std::stoi(copy.substr(copy.rfind('/') + 1));
    const auto load = [&file, kept](check::Slate& slate) {
        let_go_of_the_house(kept);
        slate.enter("the load, init included");
        // Its line in the black box is in the one of this process.
        std::thread([&file] {
            plugins::LoadOptions alone;
            alone.services = std::make_shared<plugins::HostServices>();
            plugins::Library::load(std::move(file), alone).has_value();
        }).join();
    };
    const auto began = std::chrono::steady_clock::now();
    check::Outcome came = check::in_a_child(load, time_max);
    // What is forked of many threads may wait for a lock that one of the others held just then; it
    // is not the library that hangs unless it does so again.
    const bool hung = std::chrono::steady_clock::now() - began >= time_max;
    if (hung) came = check::in_a_child(load, time_max);
    return came.verdict == check::Verdict::failed ? came.text + ", in a process of its own" : "";
}

}  // namespace parley::live
