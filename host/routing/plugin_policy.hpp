// routing/plugin_policy.hpp: policies of plugins beside those that are built in.
#pragma once

#include <memory>
#include <vector>

#include "plugins/policy.hpp"
#include "routing/router.hpp"

namespace parley::routing {

// Finds those of the plugins first, then the built-in ones.
FindPolicy with_plugins(std::vector<std::shared_ptr<const plugins::Policy>> policies);

}  // namespace parley::routing
