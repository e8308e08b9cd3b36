// plugins/load_watch.hpp: what a library did to the process while it was loaded.
#pragma once

#include <array>
#include <cstddef>
#include <signal.h>
#include <string>
#include <vector>

namespace parley::plugins {

// Begin it before the load and ask afterwards, on the same thread.
class LoadWatch {
public:
    LoadWatch();
    LoadWatch(const LoadWatch&) = delete;
    LoadWatch& operator=(const LoadWatch&) = delete;
    ~LoadWatch();

    // Threads that this thread has started since and that are alive. A host has other threads that
    // may start some at any moment; a new thread is told by the name that it inherits.
    std::size_t threads_started() const;

    // Signals whose handling has changed since; it is put back, since a handler in a library that
    // goes away would be called all the same.
    std::vector<int> restore_signals();

private:
    static constexpr std::size_t kSignals = 65;

    std::string name_before_;
    std::string name_;
    std::vector<std::string> threads_;  // that were there before, sorted
    std::array<struct sigaction, kSignals> signals_{};
};

}  // namespace parley::plugins
