// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "login.hpp"
#include "parley/sdk/login.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"

namespace parley::codex {

namespace {

struct Components {
    const std::array<parley_component, 2>& operator()() const {
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const parley_login login = sdk::login_table<Login>();
        static const std::array<parley_component, 2> all{
            sdk::make_component<Provider>({PARLEY_KIND_PROVIDER,
                                           "codex",
                                           "ChatGPT by login, OpenAI's API by key",
                                           kSettingsSchema},
                                          &provider),
            sdk::make_component<Login>({PARLEY_KIND_LOGIN, "codex", "logins of ChatGPT"}, &login),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::codex

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.codex", "0.1.0", "Parley", parley::codex::Components{});
