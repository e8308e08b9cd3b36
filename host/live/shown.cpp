#include "live/shown.hpp"

#include <algorithm>
#include <cstdlib>

#include <boost/json/object.hpp>

#include "live/house.hpp"

namespace parley::live {

namespace json = boost::json;

namespace {

bool offers(const plugins::Library& library, std::string_view kind, std::string_view id) {
    const auto& all = library.components();
    return std::any_of(all.begin(), all.end(), [&](const plugins::Component& component) {
        return component.kind_id == kind && component.id == id;
    });
}

json::object settings_of(const config::Config& config, const plugins::Library& library) {
    json::object all;
    const auto add = [&](std::string_view kind, const auto& named) {
        const std::string& id = named.plugin.empty() ? named.name : named.plugin;
        if (!offers(library, kind, id)) return;
        for (const auto& [name, value] : named.settings) all.emplace(name, value);
    };
    for (const config::Provider& each : config.providers) add(PARLEY_KIND_PROVIDER, each);
    for (const config::Filter& each : config.filters) add(PARLEY_KIND_FILTER, each);
    for (const config::Observer& each : config.observers) add(PARLEY_KIND_OBSERVER, each);
    if (offers(library, PARLEY_KIND_STORE, config.store.plugin)) {
        for (const auto& [name, value] : config.store.settings) all.emplace(name, value);
    }
    return all;
}

}  // namespace

manage::Control::Answer show_plugin(const House& house, const std::string& id) {
    const auto library = house.inputs().catalogue->library_of(id);
    if (library == nullptr) {
        return base::client_error(PARLEY_E_NOT_FOUND, "plugin " + id + ": it does not serve");
    }
    const config::Config& config = house.inputs().config;
    std::string folder = config.state_folder + "/shown-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        return base::gateway_error(PARLEY_E_INTERNAL, folder + ": cannot be made");
    }
    if (const auto saved = library->save_to(folder); !saved) return saved.error();
    return json::object{{"version", PARLEY_VERSION},
                        {"sha256", library->sha256()},
                        {"file", folder + '/' + library->name()},
                        {"settings", settings_of(config, *library)}};
}

}  // namespace parley::live
