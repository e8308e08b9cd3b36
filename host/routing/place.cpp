#include "routing/place.hpp"

#include "base/glob.hpp"

namespace parley::routing {

bool Place::serves(std::string_view model) const {
    return base::any_matches(models, model) && !base::any_matches(excluded, model);
}

bool serves(const accounts::Account& account, std::string_view model) {
    const bool is_offered = account.models.empty() || base::any_matches(account.models, model);
    return is_offered && !base::any_matches(account.excluded_models, model);
}

}  // namespace parley::routing
