#include "store/make_store.hpp"

#include <filesystem>

#include "base/nearest.hpp"
#include "config/schema.hpp"
#include "store/identity.hpp"
#include "store/read_cipher.hpp"

namespace parley::store {

using config::Fault;
using plugins::Catalogue;
using plugins::Instance;

namespace {

Fault unknown_plugin(const config::Store& wished, const Catalogue& catalogue) {
    std::string message = "store \"" + wished.plugin + "\" is not loaded";
    const auto near = base::nearest(wished.plugin, catalogue.ids_of(PARLEY_KIND_STORE), 1);
    if (!near.empty()) message += "; did you mean \"" + near.front() + '"';
    return {wished.position, "store.plugin", std::move(message)};
}

Fault fault_of(const config::Store& wished, const config::SchemaFault& found) {
    const auto at = wished.setting_positions.find(found.path);
    const bool is_placed = at != wished.setting_positions.end();
    return {is_placed ? at->second : wished.position,
            found.path.empty() ? "store" : "store." + found.path,
            found.message};
}

// What the operator set, and where a store that asks for a folder finds it.
boost::json::object settings_of(const config::Config& config, const Catalogue::Found& found) {
    boost::json::object settings = config.store.settings;
    const auto schema = config::Schema::parse(found.component->config_schema);
    if (schema && schema->knows("folder") && !settings.contains("folder")) {
        settings["folder"] = (std::filesystem::path(config.state_folder) / "store").string();
    }
    return settings;
}

}  // namespace

std::shared_ptr<Documents> make_store(const config::Config& config,
                                      const Catalogue& catalogue,
                                      const std::shared_ptr<plugins::HostServices>& services,
                                      std::vector<Fault>& faults) {
    const config::Store& wished = config.store;
    if (wished.plugin.empty()) return nullptr;
    const Catalogue::Found found = catalogue.find(PARLEY_KIND_STORE, wished.plugin);
    if (!found) {
        const bool is_usual = wished.plugin == config::Store().plugin && wished.settings.empty();
        if (!is_usual) faults.push_back(unknown_plugin(wished, catalogue));
        return nullptr;
    }
    Instance::Faults broken;
    auto instance = Instance::make(found.library,
                                   services,
                                   *found.component,
                                   wished.plugin,
                                   settings_of(config, found),
                                   broken);
    for (const config::SchemaFault& fault : broken) faults.push_back(fault_of(wished, fault));
    auto cipher = read_cipher(wished);
    if (!cipher) {
        faults.push_back({wished.position, cipher.error().param, cipher.error().message});
    }
    if (instance == nullptr || !cipher) return nullptr;
    auto store = std::make_shared<plugins::Store>(std::move(instance), wished.limits);
    return std::make_shared<Documents>(std::move(store), std::move(*cipher));
}

std::string identity_of(const config::Config& config, const Catalogue& catalogue) {
    const std::string& plugin = config.store.plugin;
    const Catalogue::Found found = catalogue.find(PARLEY_KIND_STORE, plugin);
    return config.state_folder + "\n" + plugin + "\n" +
           place_of(found.component->config_schema, settings_of(config, found));
}

}  // namespace parley::store
