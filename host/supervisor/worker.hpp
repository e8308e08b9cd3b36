// supervisor/worker.hpp: one process that serves, as the supervisor sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "supervisor/link.hpp"
#include "supervisor/memory_watch.hpp"
#include "supervisor/watchdog.hpp"

namespace parley::supervisor {

// Who may have brought a worker down.
struct Suspect {
    std::string file;
    std::string sha256;
    std::uint32_t function = 0;
};

class Worker {
public:
    // Starts `program` with `arguments` and what tells it that it is a worker.
    static std::optional<Worker> start(const std::string& program,
                                       std::vector<std::string> arguments);

    Worker(Worker&& other) noexcept;
    Worker& operator=(Worker&&) = delete;
    ~Worker();

    pid_t pid() const { return pid_; }

    int link() const { return link_.get(); }

    const base::BlackBox& box() const { return *box_; }

    Watchdog& watchdog() { return watchdog_; }

    MemoryWatch& memory_watch() { return memory_watch_; }

    // It has said that it serves.
    bool is_ready() const { return is_ready_; }

    void set_ready() { is_ready_ = true; }

    void signal(int number) const;
    // To one of its threads.
    void signal(std::int32_t thread, int number) const;

    // After its death: in whose code it happened. When nobody knows, whoever was inside of a
    // plugin; when nobody was and a signal ended it, whoever was there last. 0: no signal did. Who
    // is killed from outside has mostly run out of memory: then it is who took most of it.
    std::vector<Suspect> suspects(int signal) const;

private:
    Worker(pid_t pid, Descriptor link, base::BlackBox* box);

    pid_t pid_;
    Descriptor link_;
    base::BlackBox* box_;
    Watchdog watchdog_;
    MemoryWatch memory_watch_;
    bool is_ready_ = false;
};

}  // namespace parley::supervisor
