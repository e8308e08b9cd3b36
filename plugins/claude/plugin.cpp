// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "dialect.hpp"
#include "login.hpp"
#include "parley/sdk/dialect.hpp"
#include "parley/sdk/login.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"
#include "words.hpp"

namespace parley::claude {

namespace {

struct Components {
    const std::array<parley_component, 3>& operator()() const {
        static const parley_dialect messages = sdk::dialect_table<Messages>();
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const parley_login login = sdk::login_table<Login>();
        static const std::array<parley_component, 3> all{
            sdk::make_component<Messages>({PARLEY_KIND_DIALECT, kDialect, "Anthropic Messages"},
                                          &messages),
            sdk::make_component<Provider>({PARLEY_KIND_PROVIDER,
                                           "claude",
                                           "api.anthropic.com and compatible places",
                                           kProviderSchema},
                                          &provider),
            sdk::make_component<Login>({PARLEY_KIND_LOGIN, "claude", "logins of claude.ai"},
                                       &login),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::claude

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.claude", "0.1.0", "Parley", parley::claude::Components{});
