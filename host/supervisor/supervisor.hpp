// supervisor/supervisor.hpp: the process that a person starts. It serves nobody and loads nothing:
// it holds the listening sockets and sees to it that a worker serves them.
//
// A worker that dies is replaced at once; whoever connects meanwhile waits in the sockets' queues.
// On SIGUSR2 a new worker starts from the program as it is on disk now, and when it serves, the old
// one finishes what it has begun.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/worker.hpp"

namespace parley::supervisor {

class Supervisor {
public:
    // Workers are `program` with these arguments (the first is its name).
    Supervisor(std::string program, std::vector<std::string> arguments);

    // Until all workers are gone; the exit status of the process.
    int run();

private:
    bool start(std::optional<Worker>& as);
    void wait();
    void hear_signals();
    void hear(Worker& worker);
    void tell_all(int signal);
    void stop();
    void upgrade();
    void relieve();
    void reap();
    void ended(pid_t pid, int status);
    void serving_ended(int status);
    void report(const Worker& worker, int status);
    void watch(Worker& worker);
    int pause_ms() const;

    const std::string program_;
    const std::vector<std::string> arguments_;
    Descriptor signals_;
    std::map<std::string, Descriptor> doors_;  // by address, as the configuration says it
    std::vector<std::string> crashes_;         // that the next worker is told of
    std::optional<Worker> serving_;
    std::optional<Worker> coming_;  // will serve in its place
    std::vector<Worker> leaving_;
    std::uint64_t started_ms_ = 0;                // of the one that serves
    std::optional<std::uint64_t> restart_at_ms_;  // none serves until then
    std::uint64_t rest_ms_ = 0;                   // between the last two starts
    bool has_served_ = false;
    bool is_upgrade_due_ = false;  // asked for while another one was not over
    bool is_stopping_ = false;
    int status_ = 0;
};

}  // namespace parley::supervisor
