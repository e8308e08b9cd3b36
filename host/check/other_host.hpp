// check/other_host.hpp: hosts that are not this one: older, newer, or counting what is asked.
#pragma once

#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#include "parley/host.h"
#include "plugins/host_table.hpp"

namespace parley::check {

class OtherHost {
public:
    enum class Age { older, newer };

    // An older host has the first table and no extensions; a newer one a longer table, whose end
    // nobody may read.
    OtherHost(std::shared_ptr<plugins::HostServices> services, std::string component, Age age)
        : real_(std::move(services), std::move(component)) {
        std::memset(room_, 0xa5, sizeof(room_));
        const parley_host& real = *real_.border();
        std::memcpy(room_, &real, sizeof(real));
        table().struct_size = sizeof(real);
        table().get_extension = [](const parley_host*, parley_str) -> const void* {
            return nullptr;
        };
        if (age == Age::older) {
            table().abi_minor = 0;
            return;
        }
        table().struct_size = sizeof(room_);
        table().abi_minor = 99;
        table().get_extension = real.get_extension;
    }

    OtherHost(const OtherHost&) = delete;
    OtherHost& operator=(const OtherHost&) = delete;

    const parley_host* border() const { return reinterpret_cast<const parley_host*>(room_); }

private:
    static constexpr std::size_t kMore = 64;

    parley_host& table() { return *reinterpret_cast<parley_host*>(room_); }

    plugins::HostTable real_;
    alignas(parley_host) unsigned char room_[sizeof(parley_host) + kMore];
};

// Counts what is asked of it besides the log.
class CountingHost {
public:
    CountingHost(std::shared_ptr<plugins::HostServices> services, std::string component)
        : real_(std::move(services), std::move(component)), table_(*real_.border()) {
        asked() = 0;
        static parley_host below;
        below = *real_.border();
        table_.wall_ms = [](const parley_host* host) { return ++asked(), below.wall_ms(host); };
        table_.monotonic_ms = [](const parley_host* host) {
            return ++asked(), below.monotonic_ms(host);
        };
        table_.get_extension = [](const parley_host* host, parley_str id) {
            return ++asked(), below.get_extension(host, id);
        };
    }

    CountingHost(const CountingHost&) = delete;
    CountingHost& operator=(const CountingHost&) = delete;

    const parley_host* border() const { return &table_; }

    int count() const { return asked(); }

private:
    static std::atomic<int>& asked() {
        static std::atomic<int> count{0};
        return count;
    }

    plugins::HostTable real_;
    parley_host table_;
};

}  // namespace parley::check
