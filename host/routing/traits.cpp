#include "routing/traits.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "base/glob.hpp"

namespace parley::routing {

using boost::json::serialize;

namespace {

unsigned char letter_of(std::string_view name) {
    return name.empty() ? '\0' : static_cast<unsigned char>(name.front());
}

}  // namespace

TraitsBook::TraitsBook(std::vector<config::Model> entries) {
    for (config::Model& model : entries) {
        for (const std::string& name : model.names) index(name);
        Entry& entry = entries_.emplace_back();
        for (const auto& [key, value] : model.settings) {
            entry.push_back({serialize(boost::json::string(key)), serialize(value)});
        }
    }
}

// Of the entry that comes next.
void TraitsBook::index(const std::string& name) {
    const Clue clue{name, entries_.size()};
    if (!name.starts_with('*')) {
        clues_[letter_of(name)].push_back(clue);
        return;
    }
    for (std::vector<Clue>& clues : clues_) clues.push_back(clue);
}

std::string TraitsBook::of(std::string_view model) const {
    std::vector<const Trait*> known;
    const Entry* last = nullptr;
    for (const Clue& clue : clues_[letter_of(model)]) {
        const Entry& entry = entries_[clue.entry];
        if (&entry == last || !base::glob_matches(clue.pattern, model)) continue;
        last = &entry;
        for (const Trait& trait : entry) {
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
        json += trait->key;
        json += ':';
        json += trait->json;
    }
    return json + '}';
}

}  // namespace parley::routing
