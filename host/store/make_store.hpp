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

// What tells the store that was made from others: the plugin and the place of its documents, as
// text that is no secret's.
std::string identity_of(const config::Config& config, const plugins::Catalogue& catalogue);

}  // namespace parley::store
