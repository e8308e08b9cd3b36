// acme.cpp: a policy that picks the account which has rested longest.
//
// The host has left out who may not serve now. All event loops call one instance at once, so what a
// policy learns it keeps in atomics; report() of parley/policy.h tells it how attempts went.
#include <array>
#include <span>

#include "parley/policy.h"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/policy.hpp"

namespace sdk = parley::sdk;

namespace {

class Policy {
public:
    explicit Policy(const parley_host*) {}

    void pick(const parley_pick_ask& ask,
              std::span<const parley_candidate* const> candidates,
              parley_pick& out) {
        out.action = PARLEY_PICK_INDEX;
        // A conversation stays where it is: its prompt is cached there.
        if ((ask.flags & PARLEY_PICK_ASK_AFFINITY) != 0 && ask.affinity < candidates.size()) {
            out.index = ask.affinity;
            return;
        }
        // Who has never served has rested for ever: UINT64_MAX.
        for (uint32_t i = 1; i < candidates.size(); ++i) {
            if (candidates[i]->idle_ms > candidates[out.index]->idle_ms) out.index = i;
        }
    }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_policy table = sdk::policy_table<Policy>();
        static const std::array<parley_component, 1> all{sdk::make_component<Policy>(
            {PARLEY_KIND_POLICY, "acme", "picks who has rested longest"}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
