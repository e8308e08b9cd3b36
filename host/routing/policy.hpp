// routing/policy.hpp: who of the usable candidates it shall be.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "routing/pick.hpp"
#include "routing/ready_set.hpp"

namespace parley::routing {

class Tier;

inline constexpr std::size_t kNobody = ReadySet::kNone;

// The candidates of one tier as a policy sees them: by index, in the order of the configuration.
// Indices that are not usable are skipped on the way.
class Usable {
public:
    Usable(Tier& tier, const Ask& ask) : tier_(tier), ask_(ask) {}

    // Usable or not.
    std::size_t size() const;
    bool has(std::size_t i) const;
    // The first usable one from `from` on, round the corner; kNobody when there is none.
    std::size_t next(std::size_t from) const;

    const Candidate& candidate(std::size_t i) const;

    std::uint32_t weight(std::size_t i) const { return candidate(i).account->weight; }

    // The account's, since its capacity is shared by all models.
    std::uint32_t in_flight(std::size_t i) const;
    // The model's where it is known; 0: not known.
    float content_ms(std::size_t i) const;
    // The lower of the account's and the model's; 1 when none is told.
    float headroom(std::size_t i) const;
    // The model's, else the account's.
    const accounts::Health& health(std::size_t i) const;
    std::uint64_t number(std::size_t i) const;
    // The first of an account, usable or not; kNobody when there is none.
    std::size_t index_of(std::uint32_t account) const;
    // Conversations that are kept on it.
    std::uint32_t sessions(std::size_t i) const;

private:
    Tier& tier_;
    const Ask& ask_;
};

// All loops call it at once, for the tier it was made for.
class Policy {
public:
    Policy() = default;
    Policy(const Policy&) = delete;
    Policy& operator=(const Policy&) = delete;
    virtual ~Policy() = default;

    // Same state and same ask, same answer: an index that is usable, or kNobody when none is.
    // Allocates nothing.
    virtual std::size_t pick(const Usable& usable, const Ask& ask) = 0;

    // It is told who had the conversation, and decides by itself whether it stays there.
    virtual bool decides_affinity() const { return false; }

    // Hears how an attempt went that was picked.
    virtual void report(const parley_pick_report&) {}
};

// Makes a policy for a tier with these weights.
using MakePolicy = std::unique_ptr<Policy> (*)(std::span<const std::uint32_t> weights);

// Null for a name that is not built in.
MakePolicy find_policy(std::string_view name);
std::vector<std::string> policy_names();

}  // namespace parley::routing
