#include "plugins/load_watch.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sys/prctl.h>

namespace parley::plugins {

namespace {

constexpr std::size_t kThreadNameBytes = 16;

std::vector<std::string> list_threads() {
    std::vector<std::string> out;
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/self/task", error), end; at != end && !error;
         at.increment(error)) {
        out.push_back(at->path().filename().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string thread_name(const std::string& thread) {
    std::ifstream file("/proc/self/task/" + thread + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

// glibc keeps two signals to itself and refuses to speak of them.
bool read_signal(int number, struct sigaction& out) {
    return ::sigaction(number, nullptr, &out) == 0;
}

bool same(const struct sigaction& a, const struct sigaction& b) {
    return a.sa_sigaction == b.sa_sigaction && a.sa_flags == b.sa_flags;
}

}  // namespace

LoadWatch::LoadWatch() {
    static std::atomic<unsigned> watches{0};
    std::array<char, kThreadNameBytes> before{};
    ::prctl(PR_GET_NAME, before.data());
    name_before_ = before.data();
    name_ = "pl-load-" + std::to_string(watches.fetch_add(1) % 1'000'000);
    ::prctl(PR_SET_NAME, name_.c_str());
    threads_ = list_threads();
    for (std::size_t i = 1; i < kSignals; ++i) read_signal(static_cast<int>(i), signals_[i]);
}

LoadWatch::~LoadWatch() {
    ::prctl(PR_SET_NAME, name_before_.c_str());
}

std::size_t LoadWatch::threads_started() const {
    const std::vector<std::string> now = list_threads();
    return static_cast<std::size_t>(
        std::count_if(now.begin(), now.end(), [this](const std::string& thread) {
            return !std::binary_search(threads_.begin(), threads_.end(), thread) &&
                   thread_name(thread) == name_;
        }));
}

std::vector<int> LoadWatch::restore_signals() {
    std::vector<int> changed;
    for (std::size_t i = 1; i < kSignals; ++i) {
        const int number = static_cast<int>(i);

        struct sigaction now {};

        if (!read_signal(number, now) || same(now, signals_[i])) continue;
        ::sigaction(number, &signals_[i], nullptr);
        changed.push_back(number);
    }
    return changed;
}

}  // namespace parley::plugins
