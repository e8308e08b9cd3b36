// pipeline/make_world.hpp: configuration and plugins -> a World, or what stands in the way.
#pragma once

#include <memory>
#include <vector>

#include "accounts/refresher.hpp"
#include "config/load.hpp"
#include "pipeline/world.hpp"
#include "plugins/catalogue.hpp"

namespace parley::pipeline {

struct MadeWorld {
    std::shared_ptr<const World> world;  // null when there are faults
    std::vector<config::Fault> faults;   // in the words of the configuration file
    // What has to change hands before exchanges may begin in it.
    std::vector<plugins::Handover> handovers = {};
};

// On the control thread. What `before` knows of accounts, callers and conversations goes on, and
// the two share it from here on. Stored accounts stand beside the configured ones; what is wrong
// with one of them is logged and leaves it out.
MadeWorld make_world(config::Config config,
                     const plugins::Catalogue& catalogue,
                     const std::shared_ptr<plugins::HostServices>& services,
                     const World* before = nullptr,
                     Stored stored = {});

// What keeps the secrets of a world's accounts fresh; it works on the loop `home`.
std::unique_ptr<accounts::Refresher> make_refresher(http::Loop& home,
                                                    const std::shared_ptr<const World>& world);

// What it needs to go on with another world's accounts.
accounts::Refresher::Change change_to(http::Loop& home, const std::shared_ptr<const World>& world);

}  // namespace parley::pipeline
