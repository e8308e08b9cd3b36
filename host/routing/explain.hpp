// routing/explain.hpp: what would happen to a request, and why, as a value to print.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/callers.hpp"
#include "routing/router.hpp"

namespace parley::routing {

struct Explanation {
    // One candidate.
    struct Line {
        std::string provider;
        std::string account;  // its label; empty: the provider needs none
        std::string model;    // as the upstream calls it
        std::int32_t priority = 0;
        std::uint32_t weight = 1;
        std::uint32_t in_flight = 0;
        std::uint32_t success_per_mille = 1000;
        float content_ms = 0;  // 0: not known
        float headroom = accounts::Health::kUntold;
        Standing standing;
        std::string last_error;
        bool is_next = false;  // it would be picked
    };

    RouteTerms terms;
    std::string prefix;  // of accounts
    std::vector<std::vector<Line>> steps;
    std::string rejection;             // why a plugin's policy wants none of them; empty: it does
    std::optional<base::Error> error;  // why it is not served
};

// `caller` may be null: then nobody in particular asks.
Explanation explain(const Router& router,
                    std::string_view model,
                    const accounts::Caller* caller,
                    const Ask& ask);

}  // namespace parley::routing
