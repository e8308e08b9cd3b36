// base/black_box.hpp: what every thread does in which plugin, kept in memory that outlives the
// process. After a crash the supervisor reads in it who was at work.
//
// A thread writes its own line and nobody else's: a visit costs three stores.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace parley::base {

// Where a thread is: the number of a plugin and one of its functions. 0 is nowhere.
using Place = std::uint32_t;

struct BlackBoxLine {
    std::atomic<std::int32_t> thread{0};    // of the system; 0: nobody writes here
    std::atomic<std::uint32_t> is_loop{0};  // clients wait for it: nothing may hold it up
    std::atomic<Place> now{0};
    std::atomic<Place> last{0};  // the same, kept when the visit is over
    std::atomic<std::uint32_t> visits{0};
    std::atomic<std::int32_t> signal{0};    // that ended the process here
    std::atomic<std::uint64_t> address{0};  // that it tripped over
};

struct BlackBoxPlugin {
    std::array<char, 96> file{};
    std::array<char, 65> sha256{};
};

// The same bytes in two processes: no pointers, cleared memory is a valid one.
struct BlackBox {
    static constexpr std::size_t kLines = 128;
    static constexpr std::size_t kPlugins = 512;

    // How long a plugin may hold a thread; 0: not watched.
    std::atomic<std::uint32_t> slow_call_ms{0};
    std::atomic<std::uint32_t> stuck_dump_ms{0};
    std::atomic<std::uint32_t> stuck_abort_ms{0};
    std::array<BlackBoxLine, kLines> lines;
    std::array<BlackBoxPlugin, kPlugins> plugins;
    // How much memory may grow in a plugin's calls; 0: not watched.
    std::atomic<std::uint64_t> leak_bytes{0};

    // Of a place.
    static constexpr std::uint32_t function_of(Place place) { return place & 0xff; }

    const BlackBoxPlugin* plugin_of(Place place) const {
        const std::uint32_t number = place >> 8;
        return number == 0 || number > kPlugins ? nullptr : &plugins[number - 1];
    }
};

// The one of this process. Before `keep_black_box` it is in memory of its own.
BlackBox& black_box();
// From a descriptor of at least sizeof(BlackBox) bytes; false: it cannot be mapped. Once, before
// threads start.
bool keep_black_box(int descriptor);

// This thread's line; with more than kLines threads at a time the rest share one that nobody reads.
BlackBoxLine& black_box_line();

// A plugin's number there, from its loading to its end. [control]
class BlackBoxEntry {
public:
    BlackBoxEntry(std::string_view file, std::string_view sha256);
    ~BlackBoxEntry();
    BlackBoxEntry(const BlackBoxEntry&) = delete;
    BlackBoxEntry& operator=(const BlackBoxEntry&) = delete;

    Place place(std::uint8_t function) const { return number_ << 8 | function; }

private:
    std::uint32_t number_ = 0;
};

// A thread is in a plugin for as long as this lives.
class Visit {
public:
    explicit Visit(Place place)
        : line_(black_box_line()), before_(line_.now.load(std::memory_order_relaxed)) {
        const std::uint32_t visits = line_.visits.load(std::memory_order_relaxed);
        line_.visits.store(visits + 1, std::memory_order_relaxed);
        line_.last.store(place, std::memory_order_relaxed);
        line_.now.store(place, std::memory_order_relaxed);
    }

    ~Visit() { line_.now.store(before_, std::memory_order_relaxed); }

    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

private:
    BlackBoxLine& line_;
    Place before_;
};

}  // namespace parley::base
