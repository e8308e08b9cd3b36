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
#include "pipeline/world.hpp"

namespace parley::pipeline {

class Recorder;

class Lane {
public:
    Lane(http::Loop& loop,
         http::Workers& workers,
         std::shared_ptr<const World> world,
         accounts::Refresher& refresher,
         Recorder& recorder);

    http::Loop& loop() { return loop_; }

    http::Workers& workers() { return workers_; }

    const std::shared_ptr<const World>& world() const { return world_; }

    http::UpstreamPool& pool() { return pool_; }

    accounts::Secrets& secrets() { return secrets_; }

    Recorder& recorder() { return recorder_; }

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
    http::UpstreamPool pool_;
    accounts::Secrets secrets_;
    Recorder& recorder_;
    std::array<std::uint64_t, 2> random_;
};

}  // namespace parley::pipeline
