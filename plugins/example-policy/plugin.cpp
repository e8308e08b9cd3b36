// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "parley/sdk/policy.hpp"
#include "policy.hpp"

namespace parley::example_policy {

namespace {

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_policy policy = sdk::policy_table<Cautious>();
        static const std::array<parley_component, 1> all{
            sdk::make_component<Cautious>(
                {PARLEY_KIND_POLICY, "cautious", "leaves alone who failed lately", ""}, &policy),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::example_policy

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.example-policy", "0.1.0", "Parley", parley::example_policy::Components{});
