// accounts/outside.hpp: what ops reach of the world: other hosts, clocks, chance. Tests bring one
// of their own. [loop]
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "http/call.hpp"

namespace parley::accounts {

class Outside {
public:
    virtual ~Outside() = default;

    virtual base::Task<base::Result<http::CallReply>> call(const http::Call& call,
                                                           http::Cancellation& cancellation) = 0;
    virtual std::int64_t wall_ms() = 0;
    virtual std::int64_t monotonic_ms() = 0;
    // Fills `into` from the system's random source.
    virtual base::Result<void> draw(std::span<char> into) = 0;
};

// The real one, with a pool of its own.
std::shared_ptr<Outside> make_outside(http::Loop& loop,
                                      std::shared_ptr<const config::UpstreamLimits> limits,
                                      std::shared_ptr<http::ClientTls> tls);

}  // namespace parley::accounts
