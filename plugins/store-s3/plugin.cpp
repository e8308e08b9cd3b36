// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "store.hpp"

namespace parley::store_s3 {

namespace {

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_store store = sdk::store_table<Store>();
        static const std::array<parley_component, 1> all{
            sdk::make_component<Store>({PARLEY_KIND_STORE,
                                        "store-s3",
                                        "objects in a bucket of S3 or a compatible server",
                                        kSchema},
                                       &store),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::store_s3

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.store-s3", "0.1.0", "Parley", parley::store_s3::Components{});
