#include "supervisor/crash.hpp"

#include <array>
#include <cstdlib>
#include <execinfo.h>
#include <memory>
#include <unistd.h>

#include "base/black_box.hpp"
#include "base/function.hpp"

namespace parley::supervisor {

namespace {

constexpr int kFramesMax = 64;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

void say(std::string_view text) {
    // Nothing can be done about a log that takes nothing.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void write_stack() {
    std::array<void*, kFramesMax> frames{};
    ::backtrace_symbols_fd(
        frames.data(), ::backtrace(frames.data(), static_cast<int>(frames.size())), STDERR_FILENO);
}

[[maybe_unused]] void on_crash(int signal, siginfo_t* info, void*) {
    base::BlackBoxLine& line = base::black_box_line();
    line.signal.store(signal);
    line.address.store(reinterpret_cast<std::uint64_t>(info->si_addr));
    say("worker: crashed, the stack:\n");
    write_stack();
    // The handler is gone by now. A fault happens again on return; what was sent must be sent
    // again.
    if (info->si_code <= 0) ::raise(signal);
}

[[maybe_unused]] void on_named_crash(int signal, siginfo_t* info, void*) {
    const base::BlackBoxLine& line = base::black_box_line();
    const base::Place place = line.now.load();
    if (const base::BlackBoxPlugin* plugin = base::black_box().plugin_of(place)) {
        say("parley: the plugin ");
        say(plugin->file.data());
        say(" has crashed in ");
        say(name_of(base::BlackBox::function_of(place)));
        say("; without it in its folder this command goes on\n");
    }
    if (info->si_code <= 0) ::raise(signal);
}

[[maybe_unused]] void on_fatal_signals(void (*what)(int, siginfo_t*, void*)) {
    struct sigaction action {};

    action.sa_sigaction = what;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
        ::sigaction(signal, &action, nullptr);
    }
}

void on_dump(int) {
    say("worker: held up, the stack:\n");
    write_stack();
}

}  // namespace

void mark_crashes() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    std::array<void*, 1> first{};
    ::backtrace(first.data(), 1);  // loads what it needs while there is peace
    on_fatal_signals(on_crash);
#endif
    struct sigaction dump {};

    dump.sa_handler = on_dump;
    dump.sa_flags = SA_ONSTACK | SA_RESTART;
    ::sigaction(kDumpSignal, &dump, nullptr);
}

void name_crashes() {
    if (!kIsSanitized) on_fatal_signals(on_named_crash);
}

void give_signals_a_stack() {
    if (kIsSanitized) return;
    constexpr std::size_t kBytes = std::size_t{64} * 1024;

    struct Stack {
        std::unique_ptr<char[]> bytes{new char[kBytes]};

        Stack() {
            stack_t own{};
            own.ss_sp = bytes.get();
            own.ss_size = kBytes;
            ::sigaltstack(&own, nullptr);
        }

        ~Stack() {
            stack_t none{};
            none.ss_flags = SS_DISABLE;
            ::sigaltstack(&none, nullptr);
        }
    };

    thread_local const Stack stack;
}

std::string_view name_of(std::uint32_t function) {
    return base::name_of(static_cast<base::Function>(function));
}

}  // namespace parley::supervisor
