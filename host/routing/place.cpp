#include "routing/place.hpp"

#include <algorithm>

#include "routing/glob.hpp"

namespace parley::routing {

namespace {

bool any_fits(const std::vector<std::string>& patterns, std::string_view model) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return glob_matches(pattern, model);
    });
}

}  // namespace

bool Place::serves(std::string_view model) const {
    return any_fits(models, model) && !any_fits(excluded, model);
}

bool serves(const accounts::Account& account, std::string_view model) {
    const bool is_offered = account.models.empty() || any_fits(account.models, model);
    return is_offered && !any_fits(account.excluded_models, model);
}

}  // namespace parley::routing
