// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "store.hpp"

namespace parley::store_file {

namespace {

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store store = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{
            sdk::make_component<Store>({PARLEY_KIND_STORE,
                                        "store-file",
                                        "a folder of files that people can read",
                                        kSchema},
                                       &store),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::store_file

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.store-file", "0.1.0", "Parley", parley::store_file::Components{});
