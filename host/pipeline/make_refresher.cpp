#include <algorithm>

#include "pipeline/make_world.hpp"

namespace parley::pipeline {

std::unique_ptr<accounts::Refresher> make_refresher(http::Loop& home,
                                                    const std::shared_ptr<const World>& world) {
    std::vector<const accounts::Account*> renewed;
    for (const routing::Place& place : world->router.places()) {
        for (const accounts::Account& account : place.accounts) {
            if (account.login == nullptr) continue;
            renewed.resize(std::max(renewed.size(), account.number + 1));
            renewed[account.number] = &account;
        }
    }
    const std::shared_ptr<const config::UpstreamLimits> limits(world, &world->config.upstream);
    auto outside = accounts::make_outside(home, limits, world->upstream_tls);
    return std::make_unique<accounts::Refresher>(
        home, std::move(outside), world->config.accounts, std::move(renewed), world);
}

}  // namespace parley::pipeline
