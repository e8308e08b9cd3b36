// store/merge.hpp: one document, changed by two at once.
#pragma once

#include <optional>
#include <string_view>

#include "base/secret.hpp"

namespace parley::store {

// What becomes of a document that was `base` (none: it was not there) when we made `ours` of it and
// another made `theirs`, or took it away. None: it stays away, as an account that was removed does.
//
// Members of JSON objects are merged one by one: who changed one is believed, and where both did,
// we are. What says which secret is in force goes together. Where both brought a new one, that of
// the higher revision stays, of equal ones the one that lasts longer, so that no refreshed secret
// gives way to the one before; a new login, whose revision did not count on, wins over refreshes.
std::optional<base::Secret> merged(std::string_view key,
                                   const std::optional<base::Secret>& base,
                                   const base::Secret& ours,
                                   const std::optional<base::Secret>& theirs);

}  // namespace parley::store
