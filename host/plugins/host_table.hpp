// plugins/host_table.hpp: the host as plugins see it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "parley/host.h"

namespace parley::plugins {

// One line of a plugin's log: printable, without a line break.
struct PluginLine {
    std::string_view component;
    std::uint32_t level = PARLEY_LOG_INFO;
    std::string_view text;
    std::uint64_t dropped = 0;  // lines of this component lost since the last one
};

// The numbers that plugins count. Written from any thread, read for the metrics page.
class PluginMetrics {
public:
    struct Reading {
        std::string name;  // "parley_plugin_<component>_<name>"
        std::string help;
        std::uint32_t kind = PARLEY_METRIC_COUNTER;
        std::int64_t value = 0;
    };

    // Gives the handle of a metric, the same one to every generation that asks for it.
    base::Result<std::uint32_t> define(std::uint32_t kind, std::string name, std::string help);
    void record(std::uint32_t handle, std::int64_t value);
    std::vector<Reading> read() const;

private:
    struct Metric {
        std::string name;
        std::string help;
        std::uint32_t kind = 0;
        std::atomic<std::int64_t> value{0};
    };

    static constexpr std::size_t kMetricsMax = 1024;

    mutable std::mutex define_mutex_;
    std::vector<std::unique_ptr<Metric>> owned_;
    std::array<std::atomic<Metric*>, kMetricsMax> metrics_{};  // handle 1 is the first
};

std::int64_t monotonic_clock_ms();

// What all plugins share. Set it up before the first plugin is loaded.
struct HostServices {
    std::function<void(const PluginLine&)> log;  // called from any thread; may be empty
    std::function<std::int64_t()> wall_ms = base::wall_ms;
    std::function<std::int64_t()> monotonic_ms = monotonic_clock_ms;
    std::thread::id control_thread = std::this_thread::get_id();
    // Hands work to the control thread; empty while no other thread runs.
    std::function<void(std::function<void()>)> post_to_control;
    PluginMetrics metrics;

    // Runs `work` on the control thread: at once where this is it, otherwise later. [any thread]
    void on_control(std::function<void()> work) const;
};

// A pointer whose object ends on the control thread, whoever lets go of it last.
template <class T>
std::shared_ptr<T> ended_on_control(T* object, std::shared_ptr<HostServices> services) {
    return std::shared_ptr<T>(object, [services = std::move(services)](T* last) {
        services->on_control([last] { delete last; });
    });
}

// An event loop says once which slot its thread is; other threads have none (-1).
void set_loop_index(std::int32_t index);

// The parley_host of one component. It must outlive the component's instance.
class HostTable {
public:
    HostTable(std::shared_ptr<HostServices> services, std::string component);
    HostTable(const HostTable&) = delete;
    HostTable& operator=(const HostTable&) = delete;

    const parley_host* border() const { return &table_; }

    const std::string& component() const { return component_; }

    HostServices& services() const { return *services_; }

    void log(std::uint32_t level, std::string_view text);

private:
    bool admit_line();

    std::shared_ptr<HostServices> services_;
    std::string component_;
    parley_host table_{};
    std::atomic<std::int64_t> second_;  // when the running one began
    std::atomic<std::uint64_t> lines_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace parley::plugins
