// supervisor/crash.hpp: what a worker does in its last moment, and the names of where it may be.
#pragma once

#include <csignal>
#include <cstdint>
#include <string_view>

namespace parley::supervisor {

// Makes a thread write down where it is.
constexpr int kDumpSignal = SIGQUIT;

// From here on a fatal signal leaves its mark in the black box and a stack trace in the log before
// it ends the process as it would have. Sanitizers, which have more to say, are left alone.
void mark_crashes();

// For a command, which nobody supervises: from here on a crash in a plugin says whose it is.
void name_crashes();

// This thread's signals get a stack of their own, so that a crash for lack of stack is marked too.
// Until the thread ends.
void give_signals_a_stack();

// Of a plugin: "peek", "tap_feed", ...
std::string_view name_of(std::uint32_t function);

}  // namespace parley::supervisor
