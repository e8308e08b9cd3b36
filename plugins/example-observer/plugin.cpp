// plugin.cpp: names and versions; what this library offers.
#include <array>

#include "parley/sdk/observer.hpp"
#include "usage_log.hpp"

namespace parley::example_observer {

namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","additionalProperties":false,"required":["file"],)"
    R"("properties":{"file":{"type":"string","minLength":1}}})";

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_observer observer = sdk::observer_table<UsageLog>();
        static const std::array<parley_component, 1> all{sdk::make_component<UsageLog>(
            {PARLEY_KIND_OBSERVER, "example-observer", "writes a line for each exchange", kSchema},
            &observer)};
        return all;
    }
};

}  // namespace

}  // namespace parley::example_observer

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry(
    "dev.parley.example-observer", "0.1.0", "Parley", parley::example_observer::Components{});
