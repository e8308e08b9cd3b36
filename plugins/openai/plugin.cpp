// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "dialect.hpp"
#include "parley/sdk/dialect.hpp"
#include "parley/sdk/provider.hpp"
#include "provider.hpp"

namespace parley::openai {

namespace {

struct Components {
    const std::array<parley_component, 3>& operator()() const {
        static const parley_dialect chat = sdk::dialect_table<Chat>();
        static const parley_dialect responses = sdk::dialect_table<Responses>();
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const std::array<parley_component, 3> all{
            sdk::make_component<Chat>(
                {PARLEY_KIND_DIALECT, "openai-chat", "OpenAI Chat Completions"}, &chat),
            sdk::make_component<Responses>(
                {PARLEY_KIND_DIALECT, "openai-responses", "OpenAI Responses"}, &responses),
            sdk::make_component<Provider>({PARLEY_KIND_PROVIDER,
                                           "openai",
                                           "api.openai.com and compatible places",
                                           kProviderSchema},
                                          &provider),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::openai

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.openai", "0.1.0", "Parley", parley::openai::Components{});
