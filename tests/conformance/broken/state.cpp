// A policy that hands over how often it was asked, and does so wrongly in one way, which a macro of
// that name chooses.
#include "parley/sdk/state.hpp"

#include <array>
#include <cstring>

#include "parley/sdk/policy.hpp"

namespace {

using namespace parley;

class Policy {
public:
    explicit Policy(const parley_host*) {}

    void pick(const parley_pick_ask&, std::span<const parley_candidate* const>, parley_pick& out) {
        out.action = PARLEY_PICK_INDEX;
    }

    std::string save() const {
#ifdef SAVE_COUNTS
        ++times_;
#endif
        return "v1 " + std::to_string(times_);
    }

    bool restore(std::string_view state, std::string_view) {
#ifdef RESTORE_TRUSTS
        if (state[0] != 'v') __builtin_trap();
#endif
        if (!state.starts_with("v1 ")) return false;
        times_ = static_cast<int>(state.size());
        return true;
    }

private:
    mutable int times_ = 0;
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_policy table = sdk::policy_table<Policy>();
        static const std::array<parley_component, 1> all = [] {
            std::array<parley_component, 1> made{
                sdk::make_component<Policy>({PARLEY_KIND_POLICY, "broken", "for tests"}, &table)};
            sdk::add_state<Policy>(made[0]);
            return made;
        }();
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.test.broken", "1.0.0", "parley", Components{});
