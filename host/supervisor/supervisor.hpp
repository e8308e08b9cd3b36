// supervisor/supervisor.hpp: the process that a person starts. It serves nobody and loads nothing:
// it holds the listening sockets and sees to it that workers serve them.
//
// A worker that dies is replaced at once; whoever connects meanwhile waits in the sockets' queues,
// or meets another worker. On SIGUSR2 new workers start, one after the other, from the program as
// it is on disk now, and when one serves, the old one of its seat finishes what it has begun.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/seat.hpp"

namespace parley::supervisor {

class Supervisor {
public:
    // Workers are `program` with these arguments (the first is its name).
    Supervisor(std::string program, std::vector<std::string> arguments);

    // Until all workers are gone; the exit status of the process.
    int run();

private:
    bool start(Seat& seat, std::optional<Worker>& as);
    bool is_at_work() const;
    void wait();
    void hear_signals();
    void hear(Seat& seat, Worker& worker);
    void tell_others(const Seat& seat, std::string_view verb, std::string_view rest, int socket);
    void stop();
    void upgrade();
    void upgrade(Seat& seat);
    void relieve(Seat& seat);
    void leave(std::optional<Worker>& worker);
    void fit();
    void reap();
    void ended(pid_t pid, int status);
    void coming_ended(Seat& seat, int status);
    void serving_ended(Seat& seat, int status);
    void report(const Worker& worker, int status);
    void watch(Worker& worker);
    void watch_memory(Worker& worker);
    int pause_ms();

    Seat& first() { return seats_.front(); }

    const std::string program_;
    const std::vector<std::string> arguments_;
    Descriptor signals_;
    std::map<std::string, Descriptor> doors_;  // by address, as the configuration says it
    std::vector<std::string> crashes_;         // that the next worker is told of
    std::deque<Seat> seats_;                   // never empty
    std::size_t seats_wanted_ = 1;
    std::vector<Worker> leaving_;
    bool is_upgrade_due_ = false;  // asked for while another one was not over
    bool is_stopping_ = false;
    int status_ = 0;
};

}  // namespace parley::supervisor
