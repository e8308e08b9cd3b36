// routing/attempt.hpp: one try with one account, as the health of the account sees it.
#pragma once

#include <array>
#include <cstdint>

#include "accounts/account.hpp"
#include "config/limits.hpp"
#include "routing/rules.hpp"

namespace parley::routing {

// Whose health an attempt bears on: the provider's, the account's, the model's (null: it is judged
// with its account).
using Healths = std::array<accounts::Health*, 3>;
inline constexpr std::size_t kProviderHealth = 0;
inline constexpr std::size_t kAccountHealth = 1;
inline constexpr std::size_t kModelHealth = 2;

// Ends exactly once: by succeed(), fail(), leave() or take_back(), by its destructor at the latest.
class Attempt {
public:
    Attempt() = default;  // none

    // Counts as under way from here on. `probes` says in bits which of the healths it has taken
    // the right to probe.
    Attempt(const Healths& healths,
            unsigned probes,
            std::int64_t now_ms,
            const config::RoutingLimits& limits);
    Attempt(Attempt&& other) noexcept;
    Attempt& operator=(Attempt&& other) noexcept;

    ~Attempt() { leave(); }

    bool is_under_way() const { return limits_ != nullptr; }

    bool is_probe() const { return probes_ != 0; }

    std::int64_t started_ms() const { return started_ms_; }

    // What the upstream says of its limits. `is_shared`: by all models of the account.
    void told(const accounts::Window& window, bool is_shared, std::int64_t now_ms);
    // The first content came: whatever was held against it is over.
    void content(std::int64_t now_ms);
    void succeed(std::int64_t now_ms);
    // Returns how long whom it concerns is left alone from now on; 0: not at all.
    std::uint64_t fail(Fault fault, std::int64_t now_ms, std::uint64_t random);
    // Ends without a judgement: the client left, or the gateway failed.
    void leave();
    // It is not made: nothing of it is counted.
    void take_back();

private:
    void end(std::int64_t now_ms);
    void clear_probed();
    std::uint64_t punish(std::size_t guilty,
                         const Fault& fault,
                         std::int64_t now_ms,
                         std::uint64_t random);

    Healths healths_{};
    const config::RoutingLimits* limits_ = nullptr;  // null: it has ended
    std::int64_t started_ms_ = 0;
    std::int64_t seen_ms_ = 0;         // the latest time it was told
    std::int64_t empty_until_ms_ = 0;  // a window that is used up; 0: none was told
    unsigned probes_ = 0;
};

}  // namespace parley::routing
