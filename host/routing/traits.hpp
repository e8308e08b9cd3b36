// routing/traits.hpp: what is known of a model, by its name at the upstream. Immutable.
#pragma once

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
        std::string key;
        std::string json;
    };

    struct Entry {
        std::vector<std::string> names;
        std::vector<Trait> traits;
    };

    std::vector<Entry> entries_;
};

}  // namespace parley::routing
