// A policy of which one at most may be active, as there is one seat; BEGINS_ONCE: it does not begin
// again after it has ended.
#include <array>
#include <atomic>

#include "parley/sdk/policy.hpp"

namespace {

using namespace parley;

std::atomic<bool> g_is_taken{false};

class Policy {
public:
    explicit Policy(const parley_host*) {}

    void activate() {
        if (g_is_taken.exchange(true)) throw sdk::Failure(PARLEY_E_CONFLICT, "the seat is taken");
#ifdef BEGINS_ONCE
        if (has_begun_) throw sdk::Failure(PARLEY_E_INTERNAL, "once was enough");
#endif
        has_begun_ = true;
    }

    void deactivate() {
        g_is_taken = false;
    }

    void pick(const parley_pick_ask&, std::span<const parley_candidate* const>, parley_pick& out) {
        out.action = PARLEY_PICK_INDEX;
    }

private:
    bool has_begun_ = false;
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_policy table = sdk::policy_table<Policy>();
        static const std::array<parley_component, 1> all{sdk::make_component<Policy>(
            {PARLEY_KIND_POLICY, "broken", "for tests", {}, PARLEY_COMPONENT_EXCLUSIVE}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.test.broken", "1.0.0", "parley", Components{});
