// routing/owners.hpp: which account made what only it knows: replies that a request goes on with,
// conversations, files, reasoning that nobody else can read. Bounded; all loops, without locks.
// What is forgotten, or was made before the program began, has no owner that is known: any account
// may be asked then.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "config/limits.hpp"
#include "routing/affinity.hpp"

namespace parley::routing {

class Owners {
public:
    explicit Owners(const config::RoutingLimits& limits)
        : bytes_max_(limits.owners_bytes_max),
          keep_ms_(limits.owners_ms),
          table_(limits.owners_bytes_max, limits.owners_ms) {}

    // Kept as these limits say.
    bool fits(const config::RoutingLimits& limits) const {
        return bytes_max_ == limits.owners_bytes_max && keep_ms_ == limits.owners_ms;
    }

    // State::number of the account; 0: not known.
    std::uint32_t find(std::string_view id, std::int64_t now_ms) const {
        return table_.find(key_of(id), now_ms);
    }

    void keep(std::string_view id, std::uint32_t account, std::int64_t now_ms) {
        table_.keep(key_of(id), account, now_ms);
    }

private:
    static std::uint64_t key_of(std::string_view id) {
        const std::uint64_t hash = std::hash<std::string_view>()(id);
        return hash == 0 ? 1 : hash;
    }

    std::uint64_t bytes_max_;
    std::uint64_t keep_ms_;
    Affinity table_;
};

}  // namespace parley::routing
