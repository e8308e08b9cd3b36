#include "command/terminal.hpp"

#include <array>
#include <fcntl.h>
#include <iostream>
#include <spawn.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/read_until.hpp>

#include "command/pasted.hpp"
#include "command/qr.hpp"
#include "config/units.hpp"

namespace parley::command {

using accounts::Callback;
using accounts::Errand;
using base::Result;
using base::Secret;
using base::Task;

namespace {

constexpr std::size_t kLineBytesMax = 16 * 1024;

// What browsers show when they come back. The code has still to be traded for tokens, so the pages
// do not promise too much.
constexpr std::string_view kCame =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Parley</title>"
    "<style>body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em}"
    "</style><h1>Parley has heard from you</h1>"
    "<p>Go back to the terminal: it says how the login ended. You may close this page.</p>";
constexpr std::string_view kRefused =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Parley</title>"
    "<style>body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em}"
    "</style><h1>The login was refused</h1>"
    "<p>Go back to the terminal: it says why. You may close this page.</p>";
constexpr std::string_view kStranger =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Parley</title>"
    "<style>body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em}"
    "</style><h1>Not the login that Parley waits for</h1>"
    "<p>Open the address that the terminal shows, or begin the login again.</p>";

std::size_t columns_of_terminal() {
    constexpr std::size_t kUsual = 80;
    winsize size{};
    const bool told = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
    return told ? size.ws_col : kUsual;
}

// The program's file, found as a shell finds it.
std::string found_in(const std::string& path, const char* program) {
    std::size_t at = 0;
    while (at <= path.size()) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::string file = path.substr(at, end - at) + '/' + program;
        if (file.front() == '/' && ::access(file.c_str(), X_OK) == 0) return file;
        at = end + 1;
    }
    return {};
}

}  // namespace

Terminal::Terminal(http::Loop& loop, config::Environment environment, Manner manner)
    : loop_(loop),
      environment_(std::move(environment)),
      manner_(manner),
      input_(loop.io()),
      typed_(kLineBytesMax) {}

Terminal::~Terminal() {
    if (!input_.is_open()) return;
    input_.release();  // standard input is not ours to close
    if (input_flags_ != -1) ::fcntl(STDIN_FILENO, F_SETFL, input_flags_);
}

// ---- what there is to do ----

Result<void> Terminal::show(const Errand& errand) {
    std::ostream& out = std::cerr;
    out << '\n' << (errand.message.empty() ? "Open this page in a browser." : errand.message);
    out << "\n\n";
    if (!errand.url.empty()) out << "  " << errand.url << "\n\n";
    if (!errand.code.empty()) out << "  code: " << errand.code << "\n\n";
    if (errand.expires_in_ms != 0) {
        out << "It is good for " << config::print_duration(errand.expires_in_ms) << ".\n";
    }
    // Where a code is typed, the browser may as well be a telephone's.
    if (!errand.code.empty() && ::isatty(STDERR_FILENO) != 0) {
        out << qr_code(errand.url, columns_of_terminal());
    }
    out << std::flush;
    if (errand.url.empty() || !manner_.opens_browser || !has_screen()) return {};
    if (open_browser(errand.url)) out << "A browser is being opened.\n" << std::flush;
    return {};
}

bool Terminal::is_remote() const {
    return environment_.find("SSH_CONNECTION") != nullptr ||
           environment_.find("SSH_TTY") != nullptr;
}

bool Terminal::has_screen() const {
    const bool any =
        environment_.find("DISPLAY") != nullptr || environment_.find("WAYLAND_DISPLAY") != nullptr;
    return any && !is_remote();
}

bool Terminal::open_browser(const std::string& url) const {
    const std::string* path = environment_.find("PATH");
    const std::string program = path == nullptr ? "" : found_in(*path, "xdg-open");
    if (program.empty()) return false;
    posix_spawn_file_actions_t actions;
    if (::posix_spawn_file_actions_init(&actions) != 0) return false;
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
    std::string name = "xdg-open";
    std::string address = url;
    const std::array<char*, 3> arguments{name.data(), address.data(), nullptr};
    pid_t child = 0;
    const int fault =
        ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    return fault == 0;
}

// ---- how it comes back ----

struct Terminal::Arrival {
    Terminal& terminal;

    bool await_ready() const { return terminal.arrived_.has_value(); }

    void await_suspend(std::coroutine_handle<> waiter) { terminal.waiter_ = waiter; }

    Result<Secret> await_resume() {
        Result<Secret> with = std::move(*terminal.arrived_);
        terminal.arrived_.reset();
        return with;
    }
};

Task<Result<Secret>> Terminal::await(const Callback& callback, http::Cancellation& cancellation) {
    state_ = callback.state.reveal();
    const Result<void> opened = open_door(callback);
    say_how_to_return(callback, opened.has_value());
    listen_to_input();
    if (!opened && !has_input_) co_return opened.error();
    cancellation.hook(this, [](void* self) {
        static_cast<Terminal*>(self)->arrive(
            base::client_error(PARLEY_E_CANCELLED, "login: cancelled"));
    });
    Arrival arrival{*this};
    Result<Secret> with = co_await arrival;
    cancellation.unhook();
    leave();
    co_return with;
}

Result<void> Terminal::open_door(const Callback& callback) {
    http::CallbackDoor::Terms terms;
    terms.port = callback.port;
    terms.path = callback.path;
    terms.state = callback.state;
    terms.pages = {kCame, kRefused, kStranger};
    auto door = http::CallbackDoor::open(
        loop_, std::move(terms), [this](Secret query) { arrive(std::move(query)); });
    if (!door) return std::move(door).error();
    door_ = std::move(*door);
    return {};
}

void Terminal::say_how_to_return(const Callback& callback, bool has_door) const {
    std::ostream& out = std::cerr;
    const std::string port = std::to_string(has_door ? door_->port() : callback.port);
    if (!has_door) {
        out << "Port " << port
            << " is taken, perhaps by another login, so the browser cannot come back here.\n";
    } else if (is_remote()) {
        out << "You are here over SSH, so a browser on your own machine cannot come back here\n"
               "unless its port is forwarded. Either run there, before you open the page,\n\n"
               "  ssh -N -L "
            << port << ":127.0.0.1:" << port << " <this machine>\n\n";
    } else {
        out << "The browser comes back to this machine by itself, on port " << port << ".\n";
    }
    out << (has_door ? "Or paste" : "Paste")
        << " here the address that it ends at, even where it shows an error, or the code that\n"
           "the page shows. Ctrl-C cancels.\n"
        << std::flush;
}

void Terminal::listen_to_input() {
    if (is_reading_ || !has_input_) return;
    boost::system::error_code fault;
    if (!input_.is_open()) {
        input_flags_ = ::fcntl(STDIN_FILENO, F_GETFL);
        input_.assign(STDIN_FILENO, fault);
    }
    // A file or /dev/null cannot be waited for: nobody types there.
    if (fault) {
        has_input_ = false;
        return;
    }
    is_reading_ = true;
    boost::asio::async_read_until(
        input_, typed_, '\n', [this](const boost::system::error_code& broken, std::size_t bytes) {
            is_reading_ = false;
            loop_.wake();
            if (broken == boost::asio::error::operation_aborted) return;
            if (!broken) return heard(bytes);
            has_input_ = false;
            if (door_ != nullptr || state_.empty()) return;
            arrive(base::gateway_error(PARLEY_E_CONFLICT,
                                       "login: nobody is there to paste, and the port is taken"));
        });
}

void Terminal::heard(std::size_t bytes) {
    std::string line(bytes, '\0');
    typed_.sgetn(line.data(), static_cast<std::streamsize>(bytes));
    const bool is_blank = line.find_first_not_of(" \t\r\n") == line.npos;
    if (!is_blank && !state_.empty()) {
        auto query = read_pasted(line, state_);
        base::wipe(line.data(), line.size());
        if (query) return arrive(std::move(query));
        std::cerr << query.error().message << '\n' << std::flush;
    }
    listen_to_input();
}

void Terminal::arrive(Result<Secret> with) {
    if (state_.empty() || arrived_) return;
    arrived_ = std::move(with);
    if (waiter_) std::exchange(waiter_, nullptr).resume();
}

void Terminal::leave() {
    state_.clear();
    if (door_ != nullptr) door_->close();
    boost::system::error_code ignored;
    if (input_.is_open()) input_.cancel(ignored);
}

void Terminal::cut() {
    if (door_ != nullptr) door_->cut();
}

}  // namespace parley::command
