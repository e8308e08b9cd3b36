// store/make_store.hpp: the store that the configuration names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "plugins/catalogue.hpp"
#include "store/documents.hpp"

namespace parley::store {

// An instance of it, not open yet. Null with faults when its settings are wrong or there is no such
// plugin; null without when none is wished, or none is named and the usual one is not there.
// [control thread]
std::shared_ptr<Documents> make_store(const config::Config& config,
                                      const plugins::Catalogue& catalogue,
                                      const std::shared_ptr<plugins::HostServices>& services,
                                      std::vector<config::Fault>& faults);

// What tells the store from others: the plugin and its settings, as text that is no secret's.
std::string identity_of(const config::Config& config);

}  // namespace parley::store
