#include "pipeline/make_world.hpp"

namespace parley::pipeline {

accounts::Refresher::Change change_to(http::Loop& home, const std::shared_ptr<const World>& world) {
    std::vector<const accounts::Account*> renewed;
    for (const routing::Place& place : world->router.places()) {
        for (const accounts::Account& account : place.accounts) {
            if (account.login != nullptr) renewed.push_back(&account);
        }
    }
    const std::shared_ptr<const config::UpstreamLimits> limits(world, &world->config.upstream);
    return {accounts::make_outside(home, limits, world->upstream_tls),
            world->config.accounts,
            std::move(renewed),
            world,
            accounts::Keeper(world->stored.ledger, world->config.store.limits.lease_wait_ms)};
}

std::unique_ptr<accounts::Refresher> make_refresher(http::Loop& home,
                                                    const std::shared_ptr<const World>& world) {
    auto first = change_to(home, world);
    return std::make_unique<accounts::Refresher>(home,
                                                 std::move(first.outside),
                                                 first.limits,
                                                 std::move(first.accounts),
                                                 world,
                                                 std::move(first.keeper));
}

}  // namespace parley::pipeline
