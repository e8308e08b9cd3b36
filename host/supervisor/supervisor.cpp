#include "supervisor/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/log.hpp"
#include "supervisor/crash.hpp"
#include "supervisor/notify.hpp"

namespace parley::supervisor {

using base::LogLevel;

namespace {

// A worker that lives shorter than this has not got over what ended the one before.
constexpr std::uint64_t kShortLifeMs = 5'000;
constexpr std::uint64_t kFirstRestMs = 100;
constexpr std::uint64_t kRestMsMax = 5'000;
// Looks into the black box: how often while something happens there, and otherwise.
constexpr int kLookMs = 50;
constexpr int kIdleLookMs = 1'000;

std::uint64_t now_ms() {
    using std::chrono::milliseconds;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

Descriptor signals_as_descriptor() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD}) {
        ::sigaddset(&wanted, signal);
    }
    ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    return Descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::string how(int status) {
    if (WIFSIGNALED(status)) return std::string("signal ") + ::strsignal(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

int exit_status(int status) {
    constexpr int kBySignal = 128;
    return WIFSIGNALED(status) ? kBySignal + WTERMSIG(status) : WEXITSTATUS(status);
}

// "<level> <text|json>"
void set_up_log(const std::string& wanted) {
    const std::size_t space = std::min(wanted.find(' '), wanted.size());
    base::set_up_log({base::log_level_of(wanted.substr(0, space)), wanted.ends_with(" json")});
}

}  // namespace

Supervisor::Supervisor(std::string program, std::vector<std::string> arguments)
    : program_(std::move(program)), arguments_(std::move(arguments)) {}

int Supervisor::run() {
    signals_ = signals_as_descriptor();
    for (auto& [address, socket] : activated_sockets()) doors_[address] = std::move(socket);
    if (!signals_ || !start(serving_)) {
        base::log(LogLevel::error, "cannot start a worker", {{"why", std::strerror(errno)}});
        return 1;
    }
    while (serving_ || coming_ || !leaving_.empty() || restart_at_ms_) wait();
    return status_;
}

bool Supervisor::start(std::optional<Worker>& as) {
    std::optional<Worker> worker = Worker::start(program_, arguments_);
    if (!worker) return false;
    for (const std::string& crash : crashes_) send(worker->link(), "crash", crash);
    for (const auto& [address, socket] : doors_) {
        send(worker->link(), "door", address, socket.get());
    }
    send(worker->link(), "go");
    crashes_.clear();
    as.emplace(std::move(*worker));
    started_ms_ = now_ms();
    return true;
}

int Supervisor::pause_ms() const {
    if (restart_at_ms_) {
        const std::uint64_t now = now_ms();
        return *restart_at_ms_ <= now ? 0 : static_cast<int>(*restart_at_ms_ - now);
    }
    if (!serving_ || !serving_->is_ready()) return -1;
    const bool is_alive = const_cast<std::optional<Worker>&>(serving_)->watchdog().saw_life();
    return is_alive ? kLookMs : kIdleLookMs;
}

void Supervisor::wait() {
    std::vector<pollfd> all{{signals_.get(), POLLIN, 0}};
    std::vector<Worker*> workers;
    for (std::optional<Worker>* slot : {&serving_, &coming_}) {
        if (!*slot) continue;
        workers.push_back(&**slot);
        all.push_back({(*slot)->link(), POLLIN, 0});
    }
    ::poll(all.data(), all.size(), pause_ms());
    if (serving_) watch(*serving_);
    bool relieved = false;
    for (std::size_t i = 0; i < workers.size(); ++i) {
        if ((all[i + 1].revents & POLLIN) != 0) hear(*workers[i]);
        relieved = relieved || (coming_ && coming_->is_ready());
    }
    if (relieved) relieve();
    if (all.front().revents != 0) hear_signals();
    if (restart_at_ms_ && *restart_at_ms_ <= now_ms()) {
        restart_at_ms_.reset();
        if (!is_stopping_ && !start(serving_)) restart_at_ms_ = now_ms() + kRestMsMax;
    }
}

void Supervisor::hear(Worker& worker) {
    std::optional<Message> message = receive(worker.link());
    if (!message) return;  // it is about to end; its status will tell
    if (message->verb == "keep") doors_[message->rest] = std::move(message->descriptor);
    if (message->verb == "drop") doors_.erase(message->rest);
    if (message->verb == "log") set_up_log(message->rest);
    if (message->verb != "ready") return;
    worker.set_ready();
    if (!serving_ || &worker != &*serving_) return;
    has_served_ = true;
    notify("READY=1");
    if (is_upgrade_due_) upgrade();
}

void Supervisor::hear_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
            case SIGCHLD:
                reap();
                break;
            case SIGHUP:
                tell_all(SIGHUP);
                break;
            case SIGUSR2:
                upgrade();
                break;
            default:
                stop();
        }
    }
}

void Supervisor::tell_all(int signal) {
    if (serving_) serving_->signal(signal);
    if (coming_) coming_->signal(signal);
}

void Supervisor::stop() {
    notify("STOPPING=1");
    is_stopping_ = true;
    restart_at_ms_.reset();
    tell_all(SIGTERM);
    for (const Worker& worker : leaving_) worker.signal(SIGTERM);
}

void Supervisor::upgrade() {
    is_upgrade_due_ = !is_stopping_ && (coming_ || !serving_ || !serving_->is_ready());
    if (is_stopping_ || is_upgrade_due_) return;
    base::log(LogLevel::info, "upgrade: a new worker starts", {{"program", program_}});
    if (!start(coming_)) {
        base::log(LogLevel::error, "upgrade: no new worker", {{"why", std::strerror(errno)}});
    }
}

// The one that comes serves; the one that served finishes what it has begun.
void Supervisor::relieve() {
    send(serving_->link(), "retire");
    leaving_.push_back(std::move(*serving_));
    serving_.reset();
    serving_.emplace(std::move(*coming_));
    coming_.reset();
    base::log(LogLevel::info, "upgrade: the new worker serves");
    if (is_upgrade_due_) upgrade();
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) ended(pid, status);
}

void Supervisor::ended(pid_t pid, int status) {
    if (serving_ && serving_->pid() == pid) return serving_ended(status);
    if (coming_ && coming_->pid() == pid) {
        report(*coming_, status);
        coming_.reset();
        if (!is_stopping_) {
            base::log(LogLevel::error, "upgrade: given up, the old worker goes on");
        }
        return;
    }
    const auto gone = std::find_if(leaving_.begin(), leaving_.end(), [pid](const Worker& worker) {
        return worker.pid() == pid;
    });
    if (gone == leaving_.end()) return;
    if (status != 0) report(*gone, status);
    std::vector<Worker> rest;
    for (Worker& worker : leaving_) {
        if (worker.pid() != pid) rest.push_back(std::move(worker));
    }
    leaving_.swap(rest);
}

void Supervisor::serving_ended(int status) {
    const bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!in_order || !is_stopping_) report(*serving_, status);
    serving_.reset();
    // What never served says itself what it lacks: trying again would change nothing.
    if (is_stopping_ || in_order || !has_served_) {
        status_ = exit_status(status);
        return;
    }
    const bool was_short = now_ms() - started_ms_ < kShortLifeMs;
    rest_ms_ = !was_short ? 0 : std::clamp(rest_ms_ * 2, kFirstRestMs, kRestMsMax);
    restart_at_ms_ = now_ms() + (was_short && rest_ms_ > kFirstRestMs ? rest_ms_ : 0);
}

// What is known of a death, for the log and for the next worker.
void Supervisor::report(const Worker& worker, int status) {
    const std::string why = how(status);
    // It said itself what it lacks.
    if (!worker.is_ready() && !WIFSIGNALED(status)) return;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const std::vector<Suspect> suspects = worker.suspects(signal);
    for (const Suspect& suspect : suspects) {
        base::log(LogLevel::error,
                  "worker crashed in a plugin",
                  {{"how", why},
                   {"plugin", suspect.file},
                   {"function", name_of(suspect.function)},
                   {"sha256", suspect.sha256}});
        crashes_.push_back(std::to_string(signal) + ' ' + suspect.sha256 + ' ' +
                           std::to_string(suspect.function) + ' ' + suspect.file);
    }
    if (suspects.empty()) base::log(LogLevel::error, "worker ended", {{"how", why}});
}

void Supervisor::watch(Worker& worker) {
    for (const Watchdog::Finding& found : worker.watchdog().look(worker.box(), now_ms())) {
        const base::BlackBoxPlugin* plugin = worker.box().plugin_of(found.place);
        const std::string_view file = plugin == nullptr ? "" : plugin->file.data();
        const char* const what = found.step == Watchdog::Step::abort
                                     ? "a plugin holds a loop up: the worker is ended"
                                     : "a plugin holds a loop up";
        base::log(found.step == Watchdog::Step::slow ? LogLevel::warn : LogLevel::error,
                  what,
                  {{"plugin", file},
                   {"function", name_of(base::BlackBox::function_of(found.place))},
                   {"for_ms", found.held_ms}});
        if (found.step == Watchdog::Step::dump) worker.signal(found.thread, kDumpSignal);
        if (found.step == Watchdog::Step::abort) worker.signal(found.thread, SIGABRT);
    }
}

}  // namespace parley::supervisor
