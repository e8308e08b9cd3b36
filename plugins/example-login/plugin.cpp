// plugin.cpp: names and version; what this library offers.
#include <array>

#include "login.hpp"
#include "parley/sdk/login.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"

namespace parley::example_login {

namespace {

struct Components {
    const std::array<parley_component, 2>& operator()() const {
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const parley_login login = sdk::login_table<Login>();
        static const std::array<parley_component, 2> all{
            sdk::make_component<Provider>({PARLEY_KIND_PROVIDER,
                                           "example-login",
                                           "a place whose accounts log in on any device",
                                           kSchema},
                                          &provider),
            sdk::make_component<Login>(
                {PARLEY_KIND_LOGIN, "example-login", "a code that a person confirms"}, &login),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::example_login

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.example-login", "0.1.0", "Parley", parley::example_login::Components{});
