// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "dialect.hpp"
#include "login.hpp"
#include "parley/sdk/dialect.hpp"
#include "parley/sdk/login.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"
#include "wire.hpp"

namespace parley::gemini {

namespace {

struct Components {
    const std::array<parley_component, 3>& operator()() const {
        static const parley_dialect dialect = sdk::dialect_table<Dialect>();
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const parley_login login = sdk::login_table<Login>();
        static const std::array<parley_component, 3> all{
            sdk::make_component<Dialect>(
                {PARLEY_KIND_DIALECT, kDialectId, "Google generateContent"}, &dialect),
            sdk::make_component<Provider>({PARLEY_KIND_PROVIDER,
                                           "gemini",
                                           "the Gemini API, Vertex AI and compatible places",
                                           kProviderSchema},
                                          &provider),
            sdk::make_component<Login>(
                {PARLEY_KIND_LOGIN, "gemini", "API keys and keys of service accounts"}, &login),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::gemini

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.gemini", "0.1.0", "Parley", parley::gemini::Components{});
