#include "pipeline/lane.hpp"

#include <array>
#include <random>

namespace parley::pipeline {

namespace {

std::shared_ptr<const config::UpstreamLimits> limits_of(const std::shared_ptr<const World>& world) {
    return {world, &world->config.upstream};
}

}  // namespace

std::shared_ptr<const World> counted_apart(std::shared_ptr<const World> world) {
    const World* all = world.get();
    return {std::make_shared<std::shared_ptr<const World>>(std::move(world)), all};
}

Lane::Lane(http::Loop& loop,
           http::Workers& workers,
           std::shared_ptr<const World> world,
           accounts::Refresher& refresher,
           Recorder& recorder)
    : loop_(loop),
      workers_(workers),
      world_(std::move(world)),
      limits_(std::make_shared<config::Limits>(world_->config.limits)),
      pool_(loop, limits_of(world_), world_->upstream_tls),
      secrets_(loop, &refresher),
      recorder_(recorder),
      underway_(loop) {
    std::random_device source;
    for (std::uint64_t& word : random_) word = (std::uint64_t{source()} << 32) | source();
}

void Lane::adopt(std::shared_ptr<const World> world, const accounts::Standing& secrets) {
    world_ = std::move(world);
    limits_ = std::make_shared<config::Limits>(world_->config.limits);
    pool_.change(limits_of(world_), world_->upstream_tls);
    secrets_.adopt(secrets);
}

// xorshift128+: ids must differ and chances be even, neither is a secret.
std::uint64_t Lane::random() {
    std::uint64_t a = random_[0];
    const std::uint64_t b = random_[1];
    random_[0] = b;
    a ^= a << 23;
    random_[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return random_[1] + b;
}

std::string Lane::next_id() {
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::array<char, 24> id{'r', 'e', 'q', '_'};
    std::uint64_t high = random();
    std::uint64_t low = random_[1];
    for (std::size_t i = 4; i < id.size(); i += 2, high >>= 5, low >>= 5) {
        id[i] = kAlphabet[high & 31];
        id[i + 1] = kAlphabet[low & 31];
    }
    return {id.data(), id.size()};
}

}  // namespace parley::pipeline
