#include "supervisor/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/code_pages.hpp"
#include "base/log.hpp"
#include "supervisor/crash.hpp"
#include "supervisor/notify.hpp"

namespace parley::supervisor {

using base::LogLevel;

namespace {

// A worker that lives shorter than this has not got over what ended the one before.
constexpr std::uint64_t kShortLifeMs = 5'000;
// Doubled each time: as many crashes as put a plugin into quarantine are got over in 300 ms each.
constexpr std::uint64_t kFirstRestMs = 40;
constexpr std::uint64_t kRestMsMax = 5'000;
// Looks into the black box: how often while something happens there, and otherwise.
constexpr int kLookMs = 50;
constexpr int kIdleLookMs = 1'000;
constexpr int kCloseLookMs = 5;  // for about a second after memory has grown

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

std::size_t seats_in(const std::string& text, std::size_t otherwise) {
    const char* const end = text.data() + text.size();
    std::size_t count = 0;
    const auto [rest, fault] = std::from_chars(text.data(), end, count);
    return fault == std::errc() && rest == end && count != 0 ? count : otherwise;
}

// "<level> <text|json>"
void set_up_log(const std::string& wanted) {
    const std::size_t space = std::min(wanted.find(' '), wanted.size());
    base::set_up_log({base::log_level_of(wanted.substr(0, space)), wanted.ends_with(" json")});
}

}  // namespace

Supervisor::Supervisor(std::string program, std::vector<std::string> arguments)
    : program_(std::move(program)), arguments_(std::move(arguments)) {
    seats_.emplace_back(1);
}

int Supervisor::run() {
    signals_ = signals_as_descriptor();
    for (auto& [address, socket] : activated_sockets()) doors_[address] = std::move(socket);
    if (!signals_ || !start(first(), first().serving)) {
        base::log(LogLevel::error, "cannot start a worker", {{"why", std::strerror(errno)}});
        return 1;
    }
    while (is_at_work()) wait();
    return status_;
}

bool Supervisor::is_at_work() const {
    return !leaving_.empty() || std::any_of(seats_.begin(), seats_.end(), [](const Seat& seat) {
        return seat.is_taken();
    });
}

bool Supervisor::start(Seat& seat, std::optional<Worker>& as) {
    std::optional<Worker> worker = Worker::start(program_, arguments_);
    if (!worker) return false;
    for (const std::string& crash : crashes_) send(worker->link(), "crash", crash);
    for (const auto& [address, socket] : doors_) {
        send(worker->link(), "door", address, socket.get());
    }
    send(worker->link(), "go", std::to_string(seat.number));
    crashes_.clear();
    as.emplace(std::move(*worker));
    seat.started_ms = now_ms();
    return true;
}

int Supervisor::pause_ms() {
    int pause = -1;
    const auto at_most = [&pause](int ms) { pause = pause < 0 ? ms : std::min(pause, ms); };
    for (Seat& seat : seats_) {
        if (seat.restart_at_ms) {
            const std::uint64_t now = now_ms();
            at_most(*seat.restart_at_ms <= now ? 0 : static_cast<int>(*seat.restart_at_ms - now));
        }
        if (seat.is_served()) {
            const bool is_idle = !seat.serving->watchdog().saw_life();
            at_most(seat.serving->memory_watch().is_growing() ? kCloseLookMs
                    : is_idle                                 ? kIdleLookMs
                                                              : kLookMs);
        }
    }
    return pause;
}

void Supervisor::wait() {
    std::vector<pollfd> all{{signals_.get(), POLLIN, 0}};
    std::vector<std::pair<Seat*, Worker*>> speakers;
    for (Seat& seat : seats_) {
        for (std::optional<Worker>* slot : {&seat.serving, &seat.coming}) {
            if (!*slot) continue;
            speakers.emplace_back(&seat, &**slot);
            all.push_back({(*slot)->link(), POLLIN, 0});
        }
    }
    ::poll(all.data(), all.size(), pause_ms());
    for (Seat& seat : seats_) {
        if (!seat.serving) continue;
        watch(*seat.serving);
        watch_memory(*seat.serving);
    }
    for (std::size_t i = 0; i < speakers.size(); ++i) {
        const auto [seat, worker] = speakers[i];
        if ((all[i + 1].revents & POLLIN) != 0) hear(*seat, *worker);
    }
    for (Seat& seat : seats_) {
        if (seat.coming && seat.coming->is_ready()) relieve(seat);
    }
    if (all.front().revents != 0) hear_signals();
    for (Seat& seat : seats_) {
        if (!seat.restart_at_ms || *seat.restart_at_ms > now_ms()) continue;
        seat.restart_at_ms.reset();
        if (!start(seat, seat.serving)) seat.restart_at_ms = now_ms() + kRestMsMax;
    }
    fit();
}

void Supervisor::hear(Seat& seat, Worker& worker) {
    std::optional<Message> message = receive(worker.link());
    if (!message) return;  // it is about to end; its status will tell
    const std::string& verb = message->verb;
    if (verb == "log") set_up_log(message->rest);
    if (verb == "ready") {
        worker.set_ready();
        seat.has_served = true;
        if (seat.number == 1 && !seat.coming) notify("READY=1");
        base::let_go_of_code();
        if (is_upgrade_due_) upgrade();
    }
    if (verb == "upgrade") upgrade();
    if (verb == "look") tell_others(seat, "look", "", -1);
    if (seat.number != 1) return;
    if (verb == "keep" && !is_stopping_) {
        tell_others(seat, "door", message->rest, message->descriptor.get());
        doors_[message->rest] = std::move(message->descriptor);
    }
    if (verb == "drop") doors_.erase(message->rest);
    if (verb == "processes") seats_wanted_ = seats_in(message->rest, seats_wanted_);
    if (verb == "changed") tell_others(seat, "reload", "", -1);
}

void Supervisor::tell_others(const Seat& seat,
                             std::string_view verb,
                             std::string_view rest,
                             int socket) {
    for (const Seat& other : seats_) {
        if (other.number == seat.number) continue;
        for (const std::optional<Worker>* slot : {&other.serving, &other.coming}) {
            if (*slot) send((*slot)->link(), verb, rest, socket);
        }
    }
}

void Supervisor::hear_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
            case SIGCHLD:
                reap();
                break;
            case SIGHUP:
                if (first().serving) first().serving->signal(SIGHUP);
                if (first().coming) first().coming->signal(SIGHUP);
                break;
            case SIGUSR2:
                upgrade();
                break;
            default:
                stop();
        }
    }
}

void Supervisor::stop() {
    notify("STOPPING=1");
    is_stopping_ = true;
    doors_.clear();
    for (Seat& seat : seats_) {
        seat.restart_at_ms.reset();
        if (seat.serving) seat.serving->signal(SIGTERM);
        if (seat.coming) seat.coming->signal(SIGTERM);
    }
    for (const Worker& worker : leaving_) worker.signal(SIGTERM);
}

// Once every seat is served; the first seat begins.
void Supervisor::upgrade() {
    const bool is_calm = std::all_of(seats_.begin(), seats_.end(), [](const Seat& seat) {
        return seat.is_served() && !seat.coming;
    });
    is_upgrade_due_ = !is_stopping_ && !is_calm;
    if (is_calm && !is_stopping_) upgrade(first());
}

void Supervisor::upgrade(Seat& seat) {
    base::log(LogLevel::info, "upgrade: a new worker starts", {{"program", program_}});
    if (!start(seat, seat.coming)) {
        base::log(LogLevel::error, "upgrade: no new worker", {{"why", std::strerror(errno)}});
    }
}

// The one that comes serves; the one that served finishes what it has begun.
void Supervisor::relieve(Seat& seat) {
    leave(seat.serving);
    seat.serving.emplace(std::move(*seat.coming));
    seat.coming.reset();
    base::log(LogLevel::info,
              "upgrade: the new worker serves",
              {{"seat", static_cast<std::uint64_t>(seat.number)}});
    const auto next = static_cast<std::size_t>(seat.number);
    if (next < seats_.size() && !is_stopping_ && seats_[next].is_served()) {
        upgrade(seats_[next]);
    } else if (is_upgrade_due_) {
        upgrade();
    }
}

void Supervisor::leave(std::optional<Worker>& worker) {
    if (!worker) return;
    send(worker->link(), "retire");
    leaving_.push_back(std::move(*worker));
    worker.reset();
}

// As many seats as the configuration wants, once the first worker has shown that it is good.
void Supervisor::fit() {
    if (is_stopping_ || !first().is_served()) return;
    while (seats_.size() < seats_wanted_) {
        Seat& seat = seats_.emplace_back(static_cast<int>(seats_.size()) + 1);
        if (!start(seat, seat.serving)) seat.restart_at_ms = now_ms() + kRestMsMax;
    }
    while (seats_.size() > seats_wanted_) {
        leave(seats_.back().serving);
        leave(seats_.back().coming);
        seats_.pop_back();
    }
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) ended(pid, status);
}

void Supervisor::ended(pid_t pid, int status) {
    for (Seat& seat : seats_) {
        if (seat.serving && seat.serving->pid() == pid) return serving_ended(seat, status);
        if (seat.coming && seat.coming->pid() == pid) return coming_ended(seat, status);
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

void Supervisor::coming_ended(Seat& seat, int status) {
    report(*seat.coming, status);
    seat.coming.reset();
    if (is_stopping_) return;
    base::log(LogLevel::error, "upgrade: given up, the old worker goes on");
}

void Supervisor::serving_ended(Seat& seat, int status) {
    const bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!in_order || !is_stopping_) report(*seat.serving, status);
    seat.serving.reset();
    const bool is_only = seats_.size() == 1;
    // What never served says itself what it lacks: trying again would change nothing.
    if (is_stopping_ || (is_only && (in_order || !seat.has_served))) {
        if (seat.number == 1 || !in_order) status_ = exit_status(status);
        return;
    }
    const bool was_short = now_ms() - seat.started_ms < kShortLifeMs;
    seat.rest_ms = !was_short ? 0 : std::clamp(seat.rest_ms * 2, kFirstRestMs, kRestMsMax);
    const bool is_soon = was_short && seat.rest_ms > kFirstRestMs;
    seat.restart_at_ms = now_ms() + (is_soon ? seat.rest_ms : 0);
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

void Supervisor::watch_memory(Worker& worker) {
    const auto found = worker.memory_watch().look(worker.box(), memory_of(worker.pid()));
    if (!found) return;
    const base::BlackBoxPlugin* plugin = worker.box().plugin_of(found->place);
    base::log(LogLevel::error,
              "a plugin takes memory and keeps it",
              {{"plugin", std::string_view(plugin == nullptr ? "" : plugin->file.data())},
               {"function", name_of(base::BlackBox::function_of(found->place))},
               {"grown_bytes", found->grown},
               {"of_bytes", found->bytes}});
}

}  // namespace parley::supervisor
