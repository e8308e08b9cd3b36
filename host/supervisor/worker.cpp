#include "supervisor/worker.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace parley::supervisor {

namespace {

using base::BlackBox;
using base::Place;

// In the child, between fork and exec: only what is safe after a fork.
[[noreturn]] void become(const char* program, char* const* arguments, pid_t parent) {
    constexpr int kCannotRun = 127;
    // The terminal's Ctrl-C is for the supervisor, which tells its workers.
    ::setpgid(0, 0);
    // Without a supervisor nobody would end it.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kCannotRun);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(program, arguments);
    ::_exit(kCannotRun);
}

void keep_over_exec(int descriptor) {
    ::fcntl(descriptor, F_SETFD, 0);
}

// What a worker wrote may be anything: it has crashed.
template <std::size_t N>
std::string text_of(const std::array<char, N>& room) {
    return {room.data(), ::strnlen(room.data(), N)};
}

BlackBox* map(int descriptor) {
    void* const page =
        ::mmap(nullptr, sizeof(BlackBox), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return page == MAP_FAILED ? nullptr : static_cast<BlackBox*>(page);
}

}  // namespace

std::optional<Worker> Worker::start(const std::string& program,
                                    std::vector<std::string> arguments) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return std::nullopt;
    Descriptor ours(pair[0]);
    const Descriptor theirs(pair[1]);
    const Descriptor memory(::memfd_create("parley-black-box", MFD_CLOEXEC));
    if (!memory || ::ftruncate(memory.get(), sizeof(BlackBox)) != 0) return std::nullopt;
    BlackBox* const box = map(memory.get());
    if (box == nullptr) return std::nullopt;
    arguments.push_back("--worker=" + std::to_string(theirs.get()) + ',' +
                        std::to_string(memory.get()) + ',' + std::to_string(kLanguage));
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t self = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        keep_over_exec(theirs.get());
        keep_over_exec(memory.get());
        become(program.c_str(), argv.data(), self);
    }
    if (pid < 0) {
        ::munmap(box, sizeof(BlackBox));
        return std::nullopt;
    }
    return Worker(pid, std::move(ours), box);
}

Worker::Worker(pid_t pid, Descriptor link, BlackBox* box)
    : pid_(pid), link_(std::move(link)), box_(box) {}

Worker::Worker(Worker&& other) noexcept
    : pid_(other.pid_),
      link_(std::move(other.link_)),
      box_(std::exchange(other.box_, nullptr)),
      watchdog_(other.watchdog_),
      memory_watch_(other.memory_watch_),
      is_ready_(other.is_ready_) {}

Worker::~Worker() {
    if (box_ != nullptr) ::munmap(box_, sizeof(BlackBox));
}

void Worker::signal(int number) const {
    ::kill(pid_, number);
}

void Worker::signal(std::int32_t thread, int number) const {
    ::syscall(SYS_tgkill, pid_, thread, number);
}

std::vector<Suspect> Worker::suspects(int signal) const {
    if (const auto taker = memory_watch_.suspect(); taker && signal == SIGKILL) {
        const base::BlackBoxPlugin* plugin = box_->plugin_of(taker->place);
        if (plugin != nullptr && plugin->sha256.front() != '\0') {
            const std::uint32_t function = BlackBox::function_of(taker->place);
            return {{text_of(plugin->file), text_of(plugin->sha256), function}};
        }
    }
    const auto collect = [this](auto&& place_of) {
        std::vector<Suspect> found;
        for (const base::BlackBoxLine& line : box_->lines) {
            const Place place = place_of(line);
            const base::BlackBoxPlugin* plugin = box_->plugin_of(place);
            if (plugin == nullptr || plugin->sha256.front() == '\0') continue;
            Suspect suspect{
                text_of(plugin->file), text_of(plugin->sha256), BlackBox::function_of(place)};
            const bool known = std::any_of(found.begin(), found.end(), [&](const Suspect& other) {
                return other.sha256 == suspect.sha256;
            });
            if (!known) found.push_back(std::move(suspect));
        }
        return found;
    };
    const bool is_told = std::any_of(box_->lines.begin(), box_->lines.end(), [](const auto& line) {
        return line.signal.load() != 0;
    });
    const auto inside = [is_told](const base::BlackBoxLine& line) {
        return is_told && line.signal.load() == 0 ? Place{0} : line.now.load();
    };
    // Calls of stores may wait for long: a loop that was inside says more.
    std::vector<Suspect> found = collect([&inside](const base::BlackBoxLine& line) {
        return line.is_loop.load() == 0 ? Place{0} : inside(line);
    });
    // Who is killed from outside is where stores wait in peace.
    if (found.empty() && signal != SIGKILL) found = collect(inside);
    if (!found.empty() || signal == 0 || signal == SIGKILL || signal == SIGTERM) return found;
    return collect([is_told](const base::BlackBoxLine& line) {
        return is_told && line.signal.load() == 0 ? Place{0} : line.last.load();
    });
}

}  // namespace parley::supervisor
