// pipeline/lane.hpp: what the exchanges of one event loop share. [loop]
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "accounts/secrets.hpp"
#include "http/loop.hpp"
#include "http/upstream.hpp"
#include "http/workers.hpp"
#include "pipeline/hedge_share.hpp"
#include "pipeline/underway.hpp"
#include "pipeline/world.hpp"

namespace parley::pipeline {

class Recorder;

// A pointer that one loop counts by itself: a count for all loops would be a line of memory that
// every core writes, twice an exchange.
std::shared_ptr<const World> counted_apart(std::shared_ptr<const World> world);

class Lane {
public:
    // `world` is counted apart.
    Lane(http::Loop& loop,
         http::Workers& workers,
         std::shared_ptr<const World> world,
         accounts::Refresher& refresher,
         Recorder& recorder);

    http::Loop& loop() { return loop_; }

    http::Workers& workers() { return workers_; }

    // In which exchanges begin; each keeps the one that it began in.
    const std::shared_ptr<const World>& world() const { return world_; }

    // The same one's, without keeping it: connections outlive worlds.
    const std::shared_ptr<const config::Limits>& limits() const { return limits_; }

    // From now on exchanges begin in this world, which is counted apart.
    void adopt(std::shared_ptr<const World> world, const accounts::Standing& secrets);

    http::UpstreamPool& pool() { return pool_; }

    accounts::Secrets& secrets() { return secrets_; }

    HedgeShare& hedges() { return hedges_; }

    Recorder& recorder() { return recorder_; }

    Underway& underway() { return underway_; }

    // The loop's clock, as accounts and policies count it.
    std::int64_t now_ms() const { return static_cast<std::int64_t>(loop_.now_ms()); }

    // 64 fresh bits.
    std::uint64_t random();

    // "req_" and 20 characters that will not come again.
    std::string next_id();

private:
    http::Loop& loop_;
    http::Workers& workers_;
    std::shared_ptr<const World> world_;
    std::shared_ptr<const config::Limits> limits_;
    http::UpstreamPool pool_;
    accounts::Secrets secrets_;
    Recorder& recorder_;
    HedgeShare hedges_;
    Underway underway_;
    std::array<std::uint64_t, 2> random_;
};

}  // namespace parley::pipeline
