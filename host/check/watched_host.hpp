// check/watched_host.hpp: a host that looks at how it is called, also when it is called too late.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "parley/host.h"

namespace parley::check {

// Stands before the host of one instance, and stays when that ends.
class WatchedHost {
public:
    using Told = std::function<void(std::string_view)>;

    WatchedHost(const parley_host& real, std::string component, Told told);
    WatchedHost(const WatchedHost&) = delete;
    WatchedHost& operator=(const WatchedHost&) = delete;

    const parley_host* border() const { return &table_; }

    // Its instance has ended: nothing may be asked of it any more.
    void end() { real_ = nullptr; }

private:
    struct Functions;

    // The host behind it; null where there is none any more, which has then been told of.
    const parley_host* real(std::string_view call) const;
    void tell(std::string_view call, std::string_view what) const;

    std::atomic<const parley_host*> real_;
    std::string component_;
    Told told_;
    std::thread::id control_ = std::this_thread::get_id();
    parley_host table_;
    std::mutex mutex_;
    std::set<std::uint32_t> handles_;
};

}  // namespace parley::check
