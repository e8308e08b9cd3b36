// hazard.cpp: a provider that goes wrong in the way that the model's name says.
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "parley/sdk/provider.hpp"

namespace parley::hazard {

namespace {

constexpr std::string_view kModels[] = {"hazard-null",
                                        "hazard-loop",
                                        "hazard-throw",
                                        "hazard-abort",
                                        "hazard-overflow",
                                        "hazard-leak",
                                        "hazard-leak-at-once"};

// Volatile, so that no compiler sees what comes.
int* volatile g_nowhere = nullptr;
volatile bool g_for_ever = true;
char* volatile g_kept = nullptr;

class Provider {
public:
    explicit Provider(const parley_host*) {}

    std::span<const parley_str> dialects() {
        static const std::array<parley_str, 1> all{sdk::str("openai-chat")};
        return all;
    }

    std::span<const parley_model_offer> models() {
        static const auto all = [] {
            std::array<parley_model_offer, std::size(kModels)> offers{};
            for (std::size_t i = 0; i < offers.size(); ++i) {
                offers[i].struct_size = sizeof(offers[i]);
                offers[i].pattern = sdk::str(kModels[i]);
            }
            return offers;
        }();
        return all;
    }

    void plan(const parley_plan_ask& ask, sdk::Arena&, parley_plan&) {
        const std::string_view model = sdk::view(ask.model);
        if (model == "hazard-null") *g_nowhere = 1;
        if (model == "hazard-abort") std::abort();
        while (model == "hazard-loop" && g_for_ever) continue;
        if (model == "hazard-overflow") write_past_a_buffer();
        if (model == "hazard-leak") leak(std::size_t{64} << 20);
        if (model == "hazard-leak-at-once") leak(std::size_t{1} << 30);
        throw std::runtime_error("this is how it goes");
    }

private:
    static void leak(std::size_t bytes) {
        g_kept = static_cast<char*>(std::malloc(bytes));
        if (g_kept != nullptr) std::memset(g_kept, 1, bytes);
    }

    static void write_past_a_buffer() {
        constexpr std::size_t kBytes = 64;
        // To where nothing is mapped: how soon less is noticed depends on the allocator.
        constexpr std::size_t kFar = std::size_t{1} << 30;
        g_kept = static_cast<char*>(std::malloc(kBytes));
        std::memset(g_kept, 0x41, kFar);
    }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const std::array<parley_component, 1> all{
            sdk::make_component<Provider>(
                {PARLEY_KIND_PROVIDER, "hazard", "goes wrong when asked to", ""}, &provider),
        };
        return all;
    }
};

}  // namespace

}  // namespace parley::hazard

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.test.hazard", "0.1.0", "Parley", parley::hazard::Components{});
