// routing/pool.hpp: everyone who may serve a model, in tiers of priority, and the pick among them.
// Made once; all loops pick from it at the same time, without locks and without memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "config/limits.hpp"
#include "routing/affinity.hpp"
#include "routing/pick.hpp"
#include "routing/policy.hpp"
#include "routing/ready_set.hpp"

namespace parley::routing {

// What pools share; outlives them.
struct PoolSettings {
    const config::RoutingLimits& limits;
    Affinity& affinity;
};

// Those of one priority.
class Tier {
public:
    Tier(std::span<const Candidate> candidates,
         std::unique_ptr<Policy> policy,
         const PoolSettings& settings);

    struct Chosen {
        std::size_t index = kNobody;
        unsigned probes = 0;  // bits of the Healths whose probe it has the right to
        bool is_affine = false;
    };

    // `affine` is the number of the account that is preferred; 0: none.
    Chosen choose(const Ask& ask, std::uint32_t affine);
    // Nobody but this one, whose index it is.
    Chosen insist(const Ask& ask, std::size_t index);

    std::size_t size() const { return count_; }

    const Candidate& candidate(std::size_t i) const { return members_[i].candidate; }

    std::uint64_t number(std::size_t i) const { return members_[i].number; }

    std::int32_t priority() const { return candidate(0).account->priority; }

    Policy& policy() const { return *policy_; }

    Standing standing(std::size_t i, const Ask& ask) const;
    Healths healths(std::size_t i) const;
    // The same, and the model is judged apart from its account from now on.
    Healths open_healths(std::size_t i);
    // The first candidate of an account; kNobody when it has none here.
    std::size_t index_of(std::uint32_t account) const;

    std::size_t bytes() const;

private:
    friend class Usable;

    struct Member {
        Candidate candidate;
        std::uint64_t number = 0;
        mutable std::atomic<accounts::State::Model*> model{nullptr};
    };

    accounts::State::Model* model_of(const Member& member) const;
    bool is_unfit(std::size_t i, const Ask& ask) const;
    bool was_tried(std::size_t i, const Ask& ask) const;
    bool stays(const Usable& usable, std::size_t affine, const Ask& ask) const;
    Chosen probe(const Ask& ask, bool is_reluctant, bool of_all);
    ReadySet::Look look_at(std::size_t i, const Ask& ask, bool is_reluctant, Chosen& probe);
    unsigned take_probes(std::size_t i, std::int64_t now_ms) const;
    std::size_t ask_policy(const Usable& usable, const Ask& ask, std::uint32_t affine) const;
    std::int64_t due_of(const Standing& standing, std::int64_t now_ms, std::size_t i) const;

    std::size_t count_;
    std::unique_ptr<Member[]> members_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> by_account_;  // number, index; sorted
    mutable ReadySet ready_;
    std::unique_ptr<Policy> policy_;
    const config::RoutingLimits& limits_;
    const Affinity& affinity_;
};

class Pool {
public:
    // Makes the policy of a tier.
    using PolicyOf = std::function<std::unique_ptr<Policy>(std::span<const std::uint32_t> weights)>;

    // `salt` keeps the conversations of this pool apart from those of others. Candidates are in the
    // order of the configuration; there is at least one.
    Pool(std::vector<Candidate> candidates,
         const PolicyOf& policy_of,
         std::uint64_t salt,
         const PoolSettings& settings);

    // The attempt counts as under way from here on.
    Picked pick(const Ask& ask) const;

    // The only candidate there is, though it failed: there is nobody to spare it for, and the
    // client hears what it says. Nobody when there are others, or when it is at its limit.
    Picked pick_only(const Ask& ask) const;

    // Every candidate and how it stands, tier by tier in the order of the configuration.
    using See = std::function<void(const Candidate&, const Standing&)>;
    void explain(const Ask& ask, const See& see) const;
    void count_into(Nobody& nobody, const Ask& ask) const;

    const std::vector<std::unique_ptr<Tier>>& tiers() const { return tiers_; }

    std::size_t bytes() const;

private:
    Picked pick_owner(const Ask& ask) const;
    Picked refused(const Ask& ask) const;
    Picked begin(Tier& tier, const Tier::Chosen& chosen, const Ask& ask) const;
    std::uint64_t key_of(std::uint64_t hash) const;
    std::uint32_t affine_to(const Ask& ask) const;

    std::vector<std::unique_ptr<Tier>> tiers_;  // the highest priority first
    std::uint64_t salt_;
    PoolSettings settings_;
    std::size_t size_ = 0;
    // Why nobody could serve, as it was found lately: with thousands of candidates it is not for
    // each refusal to look at all of them.
    mutable std::mutex refusal_mutex_;  // only ever tried
    mutable Nobody refusal_;
    mutable std::int64_t refusal_ms_ = 0;  // 0: none
};

}  // namespace parley::routing
