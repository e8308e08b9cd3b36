// routing/traits.hpp: what is known of a model, by its name at the upstream. Immutable.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace parley::routing {

class TraitsBook {
public:
    // Later entries win over earlier ones, key by key.
    explicit TraitsBook(std::vector<config::Model> entries);

    // A JSON object for dialects; empty when nothing is known.
    std::string of(std::string_view model) const;

private:
    struct Trait {
        std::string key;  // as JSON, like the value
        std::string json;
    };

    using Entry = std::vector<Trait>;

    // An entry that may fit.
    struct Clue {
        std::string pattern;
        std::size_t entry = 0;
    };

    void index(const std::string& name);

    std::vector<Entry> entries_;
    // By the first letter of names, in the order of the entries; "*..." stands with every letter.
    std::array<std::vector<Clue>, 256> clues_;
};

}  // namespace parley::routing
