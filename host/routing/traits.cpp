#include "routing/traits.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "base/glob.hpp"

namespace parley::routing {

TraitsBook::TraitsBook(std::vector<config::Model> entries) {
    for (config::Model& model : entries) {
        Entry& entry = entries_.emplace_back();
        entry.names = std::move(model.names);
        for (const auto& [key, value] : model.settings) {
            entry.traits.push_back({std::string(key), boost::json::serialize(value)});
        }
    }
}

std::string TraitsBook::of(std::string_view model) const {
    std::vector<const Trait*> known;
    for (const Entry& entry : entries_) {
        const bool fits =
            std::any_of(entry.names.begin(), entry.names.end(), [&](const std::string& name) {
                return base::glob_matches(name, model);
            });
        if (!fits) continue;
        for (const Trait& trait : entry.traits) {
            const auto same = std::find_if(
                known.begin(), known.end(), [&](const Trait* t) { return t->key == trait.key; });
            if (same == known.end()) {
                known.push_back(&trait);
            } else {
                *same = &trait;
            }
        }
    }
    if (known.empty()) return {};
    std::string json;
    for (const Trait* trait : known) {
        json += json.empty() ? '{' : ',';
        json += boost::json::serialize(boost::json::string(trait->key)) + ':' + trait->json;
    }
    return json + '}';
}

}  // namespace parley::routing
