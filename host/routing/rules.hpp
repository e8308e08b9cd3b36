// routing/rules.hpp: what a failure does to whom. Pure: figures in, a cool-down out.
#pragma once

#include <cstdint>
#include <string_view>

#include "accounts/health.hpp"
#include "config/limits.hpp"
#include "parley/provider.h"

namespace parley::routing {

// A failed attempt, as a provider's verdict says it.
struct Fault {
    int error_class = 0;               // PARLEY_E_*
    unsigned scope = 0;                // PARLEY_SCOPE_*; 0: by class
    std::uint64_t retry_after_ms = 0;  // 0: not told
    std::uint64_t cool_down_ms = 0;    // 0: not told
    std::string_view text = {};        // for people; no secrets
};

Fault fault_of(const parley_verdict& verdict);

// The upstream serves, but no more for now.
bool is_limit(int error_class);

// Who has to be left alone.
enum class Guilty {
    kNobody,  // the request fails everywhere
    kModel,   // of the account
    kAccount,
    kProvider,
};

// For how long, when the upstream does not say.
enum class Wait {
    kAfterSeveral,  // a fault of the server: short, and only after some in a row
    kShort,
    kQuota,
    kRefused,
};

struct Rule {
    Guilty guilty = Guilty::kNobody;
    Wait wait = Wait::kShort;
};

Rule rule_of(const Fault& fault);

// The cool-down from `now_ms` on. `level` counts the cool-downs that came before it without a
// success in between.
accounts::CoolDown cool_down_of(const Fault& fault,
                                unsigned level,
                                std::int64_t now_ms,
                                std::uint64_t random,
                                const config::RoutingLimits& limits);

}  // namespace parley::routing
