// process.hpp: a program beside the test, ended with its owner.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace parley::store_test {

class Process {
public:
    // The first word is the program, looked for on PATH. `extra` are variables, NAME=VALUE.
    explicit Process(const std::vector<std::string>& words,
                     const std::vector<std::string>& extra = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // The next line of its output; empty at the end.
    std::string line();
    // All lines until the end.
    std::vector<std::string> lines();
    void signal(int number) const;
    void close_input();
    // Its exit code, or minus the signal that ended it.
    int wait();

    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string read_;
    int code_ = 0;
};

// Runs a program to its end; its output, and its code when that is not 0 as an exception.
std::string output_of(const std::vector<std::string>& words);

// A program of PATH; empty when there is none.
std::string program(const std::string& name);

}  // namespace parley::store_test
