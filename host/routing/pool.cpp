#include "routing/pool.hpp"

#include <algorithm>
#include <numeric>

#include "routing/place.hpp"

namespace parley::routing {

Pool::Pool(std::vector<Candidate> candidates,
           const PolicyOf& policy_of,
           std::uint64_t salt,
           const PoolSettings& settings)
    : salt_(salt), settings_(settings) {
    const auto priority_of = [](const Candidate& c) { return c.account->priority; };
    std::stable_sort(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
        return priority_of(a) > priority_of(b);
    });
    for (auto begin = candidates.begin(); begin != candidates.end();) {
        const auto end = std::find_if(begin, candidates.end(), [&](const auto& c) {
            return priority_of(c) != priority_of(*begin);
        });
        std::vector<std::uint32_t> weights;
        std::transform(begin, end, std::back_inserter(weights), [](const Candidate& c) {
            return c.account->weight;
        });
        tiers_.push_back(std::make_unique<Tier>(
            std::span<const Candidate>(begin, end), policy_of(weights), settings));
        size_ += tiers_.back()->size();
        begin = end;
    }
}

std::uint64_t Pool::key_of(std::uint64_t hash) const {
    if (hash == 0) return 0;
    const std::uint64_t key = (hash ^ salt_) * 0xBF58'476D'1CE4'E5B9;
    return key == 0 ? 1 : key;
}

std::uint32_t Pool::affine_to(const Ask& ask) const {
    const std::uint32_t number = settings_.affinity.find(key_of(ask.session), ask.now_ms);
    return number != 0 ? number : settings_.affinity.find(key_of(ask.prefix), ask.now_ms);
}

Picked Pool::pick(const Ask& ask) const {
    if (ask.owner != 0) return pick_owner(ask);
    const std::uint32_t affine = affine_to(ask);
    for (const auto& tier : tiers_) {
        const Tier::Chosen chosen = tier->choose(ask, affine);
        if (chosen.index != kNobody) return begin(*tier, chosen, ask);
        if (ask.is_rejected()) break;
    }
    return refused(ask);
}

Picked Pool::refused(const Ask& ask) const {
    constexpr std::size_t kFew = 256;
    constexpr std::int64_t kKeptMs = 100;
    Picked nobody;
    const bool is_plain = ask.tried.empty() && ask.unfit.empty() && ask.owner == 0;
    std::unique_lock<std::mutex> lock(refusal_mutex_, std::defer_lock);
    if (size_ <= kFew || !is_plain || !lock.try_lock()) {
        count_into(nobody.nobody, ask);
        return nobody;
    }
    if (refusal_ms_ == 0 || ask.now_ms >= refusal_ms_ + kKeptMs) {
        refusal_ = {};
        count_into(refusal_, ask);
        refusal_ms_ = ask.now_ms;
    }
    nobody.nobody = refusal_;
    return nobody;
}

Picked Pool::pick_owner(const Ask& ask) const {
    for (const auto& tier : tiers_) {
        const std::size_t index = tier->index_of(ask.owner);
        if (index == kNobody) continue;
        const Tier::Chosen chosen = tier->insist(ask, index);
        if (chosen.index != kNobody) return begin(*tier, chosen, ask);
    }
    Picked nobody;
    count_into(nobody.nobody, ask);
    return nobody;
}

Picked Pool::pick_only(const Ask& ask) const {
    Tier& first = *tiers_.front();
    if (tiers_.size() != 1 || first.size() != 1) return {};
    const Standing standing = first.standing(0, ask);
    const bool has_failed = standing.reason == Reason::kCooling ||
                            standing.reason == Reason::kOver || standing.reason == Reason::kProbed;
    if (!has_failed || is_limit(standing.error_class)) return {};
    Tier::Chosen only;
    only.index = 0;
    return begin(first, only, ask);
}

Picked Pool::begin(Tier& tier, const Tier::Chosen& chosen, const Ask& ask) const {
    Picked picked;
    picked.candidate = &tier.candidate(chosen.index);
    picked.attempt =
        Attempt(tier.open_healths(chosen.index), chosen.probes, ask.now_ms, settings_.limits);
    picked.number = tier.number(chosen.index);
    picked.is_affine = chosen.is_affine;
    picked.policy = &tier.policy();
    const std::uint32_t account = picked.candidate->account->state->number();
    if (ask.is_aside) return picked;
    // One of the two stands for the conversation.
    settings_.affinity.keep(key_of(ask.session), account, ask.now_ms, ask.session != 0);
    settings_.affinity.keep(key_of(ask.prefix), account, ask.now_ms, ask.session == 0);
    return picked;
}

void Pool::explain(const Ask& ask, const See& see) const {
    for (const auto& tier : tiers_) {
        for (std::size_t i = 0; i < tier->size(); ++i) {
            see(tier->candidate(i), tier->standing(i, ask));
        }
    }
}

void Pool::count_into(Nobody& nobody, const Ask& ask) const {
    for (const auto& tier : tiers_) {
        for (std::size_t i = 0; i < tier->size(); ++i) {
            nobody.add(tier->candidate(i), tier->standing(i, ask));
        }
    }
}

std::size_t Pool::bytes() const {
    std::size_t all = sizeof(*this);
    for (const auto& tier : tiers_) all += tier->bytes();
    return all;
}

void Nobody::add(const Candidate& candidate, const Standing& standing) {
    ++count[static_cast<std::size_t>(standing.reason)];
    if (standing.free_ms == 0) return;
    if (free_ms != 0 && free_ms <= standing.free_ms) return;
    free_ms = standing.free_ms;
    error_class = standing.error_class;
    soonest = &candidate;
}

void Nobody::merge(const Nobody& other) {
    for (std::size_t i = 0; i < kReasons; ++i) count[i] += other.count[i];
    if (other.free_ms == 0 || (free_ms != 0 && free_ms <= other.free_ms)) return;
    free_ms = other.free_ms;
    error_class = other.error_class;
    soonest = other.soonest;
}

const char* words_of(Reason reason) {
    switch (reason) {
        case Reason::kUsable:
            return "usable";
        case Reason::kUnfit:
            return "cannot be asked this";
        case Reason::kTried:
            return "tried already";
        case Reason::kNotOwner:
            return "not the owner";
        case Reason::kCooling:
            return "cooling down";
        case Reason::kOver:
            return "in need of a new login";
        case Reason::kProbed:
            return "being tried by one request";
        case Reason::kFull:
            return "at its limit";
    }
    return "";
}

}  // namespace parley::routing
