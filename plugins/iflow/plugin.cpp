// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "login.hpp"
#include "parley/sdk/login.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"

namespace parley::iflow {

namespace {

struct Components {
    const std::array<parley_component, 2>& operator()() const {
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const parley_login login = sdk::login_table<Login>();
        static const std::array<parley_component, 2> all{
            sdk::make_component<Provider>({PARLEY_KIND_PROVIDER,
                                           "iflow",
                                           "iFlow by login, by cookie and by key",
                                           kProviderSchema},
                                          &provider),
            sdk::make_component<Login>({PARLEY_KIND_LOGIN, "iflow", "logins of iflow.cn"}, &login),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::iflow

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.iflow", "0.1.0", "Parley", parley::iflow::Components{});
