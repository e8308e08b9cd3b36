// child.hpp: a program beside us, spoken to over its standard input and output, which says nothing
// for no longer than it may. Not for several threads at once.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "parley/sdk/store.hpp"

namespace parley::store_git {

// How long it may say nothing, and whether anybody still wants to hear it.
struct Patience {
    sdk::Cancel cancel;
    uint64_t silence_ms;
};

class Child {
public:
    // Starts words[0], found as a shell would find it, with `more` ("NAME=value") beside our own
    // environment, in a session of its own.
    Child(const std::vector<std::string>& words, const std::vector<std::string>& more);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    // Ends it, with all that it started.
    ~Child();

    // What has come; nothing at all once it has closed its output.
    std::size_t read(char* into, std::size_t size, const Patience& patience);
    void write(const char* bytes, std::size_t size, const Patience& patience);

    // Its exit code, after its output has ended; -1: it was killed.
    int end(const Patience& patience);

    // The beginning of what it said on its standard error.
    const std::string& complaints() const { return complaints_; }

private:
    // Until one of poll's events is there.
    void wait(short events, const Patience& patience);
    void hear_complaints();
    void close_all() noexcept;

    pid_t pid_ = -1;
    int line_ = -1;    // its standard input and output
    int errors_ = -1;  // its standard error; -1 once that has ended
    std::string complaints_;
};

}  // namespace parley::store_git
