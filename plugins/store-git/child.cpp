#include "child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::store_git {

using sdk::store_failure;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kSliceMs = 50;
constexpr uint64_t kAgainMs = 1000;

// What a program is started with: our ends of its streams are not its own.
class Start {
public:
    Start(int line, int errors) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, line, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, line, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
        ::posix_spawnattr_init(&attributes_);
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        // It has no terminal to ask at, and is ended with all that it started.
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }

    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;

    ~Start() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    int operator()(pid_t& pid, char** words, char** environment) const {
        return ::posix_spawnp(&pid, words[0], &actions_, &attributes_, words, environment);
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
    return out;
}

[[noreturn]] void no_start(const std::string& program, int code) {
    throw store_failure(PARLEY_E_INTERNAL,
                        '"' + program + "\" cannot be started: " + std::strerror(code));
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const std::vector<std::string>& more) {
    std::array<int, 2> line{-1, -1};
    std::array<int, 2> errors{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line.data()) != 0) {
        no_start(words[0], errno);
    }
    line_ = line[0];
    if (::pipe2(errors.data(), O_CLOEXEC) != 0) {
        const int code = errno;
        ::close(line[1]);
        close_all();
        no_start(words[0], code);
    }
    errors_ = errors[0];
    for (const int ours : {line_, errors_}) ::fcntl(ours, F_SETFL, O_NONBLOCK);
    std::vector<char*> arguments = pointers_to(words);
    arguments.push_back(nullptr);
    // Of two with one name the first counts.
    std::vector<char*> environment = pointers_to(more);
    for (char** at = environ; *at != nullptr; ++at) environment.push_back(*at);
    environment.push_back(nullptr);
    const int code = Start(line[1], errors[1])(pid_, arguments.data(), environment.data());
    ::close(line[1]);
    ::close(errors[1]);
    if (code == 0) return;
    pid_ = -1;
    close_all();
    no_start(words[0], code);
}

Child::~Child() {
    close_all();
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void Child::close_all() noexcept {
    for (int* end : {&line_, &errors_}) {
        if (*end >= 0) ::close(*end);
        *end = -1;
    }
}

std::size_t Child::read(char* into, std::size_t size, const Patience& patience) {
    for (;;) {
        wait(POLLIN, patience);
        const ssize_t count = ::recv(line_, into, size, 0);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EAGAIN || errno == EINTR) continue;
        // It ended without having read all that it was told.
        if (errno == ECONNRESET) return 0;
        throw store_failure(PARLEY_E_INTERNAL, std::strerror(errno));
    }
}

void Child::write(const char* bytes, std::size_t size, const Patience& patience) {
    while (size > 0) {
        const ssize_t count = ::send(line_, bytes, size, MSG_NOSIGNAL);
        if (count >= 0) {
            bytes += count;
            size -= static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            wait(POLLOUT, patience);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return;  // why it has ended is told by who reads next
        } else if (errno != EINTR) {
            throw store_failure(PARLEY_E_INTERNAL, std::strerror(errno));
        }
    }
}

void Child::wait(short events, const Patience& patience) {
    const auto limit =
        Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(patience.silence_ms));
    for (;;) {
        std::array<pollfd, 2> ends{{{line_, events, 0}, {errors_, POLLIN, 0}}};
        const int ready = ::poll(ends.data(), ends.size(), kSliceMs);
        if (ready > 0 && ends[1].revents != 0) hear_complaints();
        if (ready > 0 && ends[0].revents != 0) return;
        patience.cancel.check();
        if (Clock::now() >= limit) {
            throw store_failure(
                PARLEY_E_OVERLOADED, "the remote says nothing within timeout_ms", kAgainMs);
        }
    }
}

void Child::hear_complaints() {
    constexpr std::size_t kBytesMax = 4096;
    std::array<char, 1024> piece{};
    const ssize_t count = ::read(errors_, piece.data(), piece.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        ::close(errors_);
        errors_ = -1;
        return;
    }
    const std::size_t room = kBytesMax - complaints_.size();
    complaints_.append(piece.data(), std::min(static_cast<std::size_t>(count), room));
}

int Child::end(const Patience& patience) {
    const auto limit =
        Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(patience.silence_ms));
    int status = 0;
    pid_t ended = 0;
    while (Clock::now() < limit && !patience.cancel.is_set()) {
        if (ended == 0) ended = ::waitpid(pid_, &status, WNOHANG);
        if (ended != 0 && errors_ < 0) break;
        pollfd errors{errors_, POLLIN, 0};
        if (::poll(&errors, 1, errors_ < 0 ? 1 : kSliceMs) > 0) hear_complaints();
    }
    if (ended == 0) return -1;
    // What it left behind in its session.
    ::kill(-pid_, SIGKILL);
    pid_ = -1;
    return ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace parley::store_git
