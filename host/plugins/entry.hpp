// plugins/entry.hpp: what a loaded library says of itself and of its components, checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plugins/kinds.hpp"
#include "plugins/manifest.hpp"

namespace parley::plugins {

// One thing that a library offers. Everything in it is the library's own and lives as long.
struct Component {
    const parley_component* record = nullptr;
    const Kind* kind = nullptr;  // nullptr: a kind that this host does not know; leave it alone
    std::string_view kind_id;
    std::string_view id;
    std::string_view title;
    std::string_view config_schema;

    // At most one instance may be active at a time.
    bool is_exclusive() const { return (record->flags & PARLEY_COMPONENT_EXCLUSIVE) != 0; }
};

// Fails with check B3 unless the entry is whole and says what the manifest says.
base::Result<void> check_entry(const parley_entry& entry, const Manifest& manifest);

// The components of an entry that was checked. Calls the plugin, which may throw.
base::Result<std::vector<Component>> read_components(const parley_entry& entry,
                                                     const Manifest& manifest);

}  // namespace parley::plugins
