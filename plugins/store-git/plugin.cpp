// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "store.hpp"

namespace parley::store_git {

namespace {

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store store = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{
            sdk::make_component<Store>(
                {PARLEY_KIND_STORE, "store-git", "a branch of a git repository", kSchema}, &store),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::store_git

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.store-git", "0.1.0", "Parley", parley::store_git::Components{});
