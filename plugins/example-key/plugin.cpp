// plugin.cpp: names and version; what this library offers.
#include <array>

#include "parley/sdk/provider.hpp"
#include "provider.hpp"

namespace parley::example_key {

namespace {

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const std::array<parley_component, 1> all{sdk::make_component<Provider>(
            {PARLEY_KIND_PROVIDER, "example-key", "a place whose accounts have keys", kSchema},
            &provider)};
        return all;
    }
};

}  // namespace

}  // namespace parley::example_key

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.example-key", "0.1.0", "Parley", parley::example_key::Components{});
