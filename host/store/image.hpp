// store/image.hpp: what is known of the store's documents, and what of them shall be otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "parley/store.h"

namespace parley::store {

struct Entry {
    std::optional<base::Secret> known;  // as the store had it; none: it is not there
    std::uint64_t revision = PARLEY_REVISION_NONE;
    std::optional<base::Secret> wished;  // as it shall be; none: as it is
    std::uint64_t stamp = 0;             // another one for every text that came into force

    const base::Secret* in_force() const { return wished ? &*wished : known ? &*known : nullptr; }
};

using Image = std::map<std::string, Entry, std::less<>>;

// An entry as a record of a journal. The text holds what the document holds.
std::string record_of(std::string_view key, const Entry& entry);

// Puts what the record says in place of what was said before; false when it is none.
bool apply_record(std::string_view record, Image& into);

}  // namespace parley::store
