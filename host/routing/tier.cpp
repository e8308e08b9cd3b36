// routing/tier.cpp: the pick among candidates of one priority.
#include <algorithm>

#include "routing/place.hpp"
#include "routing/pool.hpp"

namespace parley::routing {

using accounts::Health;
using accounts::State;

namespace {

// The low half tells models apart, the high half accounts.
std::uint64_t number_of(const Candidate& candidate) {
    std::uint32_t hash = 2'166'136'261;
    for (const char c : candidate.model) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619;
    }
    return std::uint64_t{candidate.account->state->number()} << 32 | hash;
}

// When to look again at one that nobody may use just now, in milliseconds: whoever changes that
// tells no pool.
constexpr std::int64_t kCoolingLookMs = 1'000;
constexpr std::int64_t kProbedLookMs = 100;
constexpr std::int64_t kFullLookMs = 20;

// So few that all are looked at before nobody is usable.
constexpr std::size_t kFew = 64;

}  // namespace

Tier::Tier(std::span<const Candidate> candidates,
           std::unique_ptr<Policy> policy,
           const PoolSettings& settings)
    : count_(candidates.size()),
      members_(std::make_unique<Member[]>(candidates.size())),
      ready_(candidates.size()),
      policy_(std::move(policy)),
      limits_(settings.limits),
      affinity_(settings.affinity) {
    by_account_.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) {
        members_[i].candidate = candidates[i];
        members_[i].number = number_of(candidates[i]);
        by_account_.emplace_back(candidates[i].account->state->number(),
                                 static_cast<std::uint32_t>(i));
    }
    std::sort(by_account_.begin(), by_account_.end());
}

std::size_t Tier::bytes() const {
    return sizeof(*this) + count_ * (sizeof(Member) + sizeof(by_account_[0])) + ready_.bytes();
}

std::size_t Tier::index_of(std::uint32_t account) const {
    const auto found =
        std::lower_bound(by_account_.begin(), by_account_.end(), std::pair{account, 0U});
    return found == by_account_.end() || found->first != account ? kNobody : found->second;
}

State::Model* Tier::model_of(const Member& member) const {
    State::Model* model = member.model.load(std::memory_order_acquire);
    if (model != nullptr) return model;
    const State& state = *member.candidate.account->state;
    if (state.first() == nullptr) return nullptr;
    model = state.find(member.candidate.model);
    if (model != nullptr) member.model.store(model, std::memory_order_release);
    return model;
}

Healths Tier::healths(std::size_t i) const {
    const Candidate& candidate = members_[i].candidate;
    State::Model* model = model_of(members_[i]);
    return {&candidate.place->state->health,
            &candidate.account->state->health,
            model == nullptr ? nullptr : &model->health};
}

Healths Tier::open_healths(std::size_t i) {
    const Member& member = members_[i];
    if (model_of(member) == nullptr) {
        member.model.store(member.candidate.account->state->open(member.candidate.model,
                                                                 limits_.models_per_account_max),
                           std::memory_order_release);
    }
    return healths(i);
}

bool Tier::is_unfit(std::size_t i, const Ask& ask) const {
    return std::find(ask.unfit.begin(), ask.unfit.end(), members_[i].candidate.place) !=
           ask.unfit.end();
}

bool Tier::was_tried(std::size_t i, const Ask& ask) const {
    return std::find(ask.tried.begin(), ask.tried.end(), members_[i].number) != ask.tried.end();
}

Standing Tier::standing(std::size_t i, const Ask& ask) const {
    Standing standing;
    const std::uint32_t number = members_[i].candidate.account->state->number();
    if (is_unfit(i, ask)) standing.reason = Reason::kUnfit;
    if (ask.owner != 0 && number != ask.owner) standing.reason = Reason::kNotOwner;
    if (standing.reason != Reason::kUsable) return standing;
    const Healths all = healths(i);
    for (std::size_t h = 0; h < all.size(); ++h) {
        if (all[h] == nullptr || all[h]->is_open()) continue;
        const accounts::CoolDown down = all[h]->cool_down();
        if (down.until_ms == 0) continue;
        const bool is_over = std::min(down.probe_ms, down.until_ms) <= ask.now_ms;
        standing.is_half_open = true;
        if (is_over && !all[h]->is_probed()) continue;
        const Reason reason = is_over ? Reason::kProbed : Reason::kCooling;
        const bool is_worse = standing.reason == Reason::kUsable ||
                              (reason == Reason::kCooling && (standing.reason == Reason::kProbed ||
                                                              down.until_ms > standing.free_ms));
        if (!is_worse) continue;
        standing.reason = reason;
        standing.guilty = h;
        standing.error_class = down.error_class;
        standing.free_ms = std::max(down.until_ms, ask.now_ms);
    }
    if (standing.free_ms == accounts::CoolDown::kEndless) {
        standing.reason = Reason::kOver;
        standing.free_ms = 0;
    }
    if (standing.reason != Reason::kUsable) return standing;
    const accounts::Account& account = *members_[i].candidate.account;
    const bool is_full =
        account.in_flight_max != 0 && account.state->health.in_flight() >= account.in_flight_max;
    if (is_full) standing.reason = Reason::kFull;
    if (was_tried(i, ask)) standing.reason = Reason::kTried;
    return standing;
}

std::int64_t Tier::due_of(const Standing& standing, std::int64_t now_ms, std::size_t i) const {
    switch (standing.reason) {
        case Reason::kCooling:
        case Reason::kOver: {
            const std::int64_t next = healths(i)[standing.guilty]->next_ms();
            return std::clamp(next, now_ms + 1, now_ms + kCoolingLookMs);
        }
        case Reason::kProbed:
            return now_ms + kProbedLookMs;
        case Reason::kFull:
            return now_ms + kFullLookMs;
        default:
            return standing.is_half_open ? now_ms : 0;
    }
}

unsigned Tier::take_probes(std::size_t i, std::int64_t now_ms) const {
    const Healths all = healths(i);
    unsigned taken = 0;
    for (std::size_t h = 0; h < all.size(); ++h) {
        if (all[h] == nullptr || all[h]->is_open()) continue;
        if (all[h]->take_probe(now_ms)) {
            taken |= 1U << h;
            continue;
        }
        for (std::size_t back = 0; back < h; ++back) {
            if ((taken & (1U << back)) != 0) all[back]->give_probe_back();
        }
        return 0;
    }
    return taken;
}

ReadySet::Look Tier::look_at(std::size_t i, const Ask& ask, bool is_reluctant, Chosen& probe) {
    const Standing now = standing(i, ask);
    const bool is_candidate = now.reason == Reason::kUsable && now.is_half_open;
    if (!is_candidate) return {due_of(now, ask.now_ms, i), false};
    if (is_reluctant) {
        std::int64_t since = ask.now_ms;
        for (const Health* health : healths(i)) {
            if (health != nullptr && !health->is_open()) since = std::min(since, health->next_ms());
        }
        const auto patience = static_cast<std::int64_t>(limits_.probe_ms);
        if (ask.now_ms - since < patience) return {ask.now_ms, false};
    }
    const unsigned taken = take_probes(i, ask.now_ms);
    if (taken == 0) return {ask.now_ms + kProbedLookMs, false};
    probe = {i, taken, false};
    return {ask.now_ms + kProbedLookMs, true};
}

Tier::Chosen Tier::probe(const Ask& ask, bool is_reluctant, bool of_all) {
    Chosen probe;
    const auto look = [&](std::size_t i) { return look_at(i, ask, is_reluctant, probe); };
    if (of_all) {
        ready_.visit_all(look);
    } else {
        ready_.visit_due(ask.now_ms, look);
    }
    return probe;
}

// A conversation stays where its prompt is cached, unless that costs others or is about to fail.
bool Tier::stays(const Usable& usable, std::size_t affine, const Ask& ask) const {
    const std::uint32_t busy = usable.in_flight(affine);
    if (busy >= limits_.affinity_load_min) {
        // Compared with two others at random.
        std::uint32_t least = busy;
        for (const std::uint64_t bits : {ask.random & 0xFFFF'FFFF, ask.random >> 32}) {
            const std::size_t other = usable.next(static_cast<std::size_t>(bits * count_ >> 32));
            if (other == affine || other == kNobody) continue;
            least = std::min(least, usable.in_flight(other));
        }
        if (std::uint64_t{busy} * 100 > (std::uint64_t{least} + 1) * limits_.affinity_load_percent)
            return false;
    }
    const Healths all = healths(affine);
    for (const std::size_t h : {kAccountHealth, kModelHealth}) {
        if (all[h] == nullptr) continue;
        const float left = all[h]->share_left(ask.now_ms);
        if (left == Health::kUntold) continue;
        if (left * 100 < static_cast<float>(limits_.affinity_share_percent)) return false;
    }
    return true;
}

Tier::Chosen Tier::choose(const Ask& ask, std::uint32_t affine) {
    const Usable usable(*this, ask);
    const std::size_t preferred = affine == 0 ? kNobody : index_of(affine);
    const bool keeps =
        preferred != kNobody && usable.has(preferred) && stays(usable, preferred, ask);
    // A look at anyone, so that those come back whom no policy and no conversation looks at.
    usable.has(static_cast<std::size_t>((ask.random & 0xFFFF'FFFF) * count_ >> 32));
    const bool is_settled = keeps && !policy_->decides_affinity();
    const std::size_t picked = is_settled ? preferred : ask_policy(usable, ask, keeps ? affine : 0);
    if (picked == kNobody && ask.is_rejected()) return {};
    const Chosen due = probe(ask, picked != kNobody && (keeps || ask.attempt > 1), false);
    if (due.index != kNobody) return due;
    if (picked != kNobody) return {picked, 0, keeps && picked == preferred};
    if (count_ <= kFew) {
        const Chosen last = probe(ask, false, true);
        if (last.index != kNobody) return last;
    }
    // Those that have just come back.
    return {policy_->pick(usable, ask), 0, false};
}

std::size_t Tier::ask_policy(const Usable& usable, const Ask& ask, std::uint32_t affine) const {
    if (affine == 0) return policy_->pick(usable, ask);
    Ask told = ask;
    told.affine = affine;
    return policy_->pick(usable, told);
}

Tier::Chosen Tier::insist(const Ask& ask, std::size_t index) {
    const Standing now = standing(index, ask);
    if (now.reason != Reason::kUsable) return {};
    if (!now.is_half_open) return {index, 0, true};
    const unsigned taken = take_probes(index, ask.now_ms);
    return taken == 0 ? Chosen{} : Chosen{index, taken, true};
}

// ---- what policies see ----

std::size_t Usable::size() const {
    return tier_.size();
}

bool Usable::has(std::size_t i) const {
    if (!tier_.ready_.is_ready(i)) return false;
    const Standing standing = tier_.standing(i, ask_);
    if (standing.reason == Reason::kUsable && !standing.is_half_open) return true;
    const bool is_of_the_ask = standing.reason == Reason::kTried ||
                               standing.reason == Reason::kUnfit ||
                               standing.reason == Reason::kNotOwner;
    if (!is_of_the_ask || standing.is_half_open) {
        tier_.ready_.take_out(i, tier_.due_of(standing, ask_.now_ms, i));
    }
    return false;
}

std::size_t Usable::next(std::size_t from) const {
    const std::size_t size = tier_.size();
    if (from >= size) from = 0;
    const auto way_to = [&](std::size_t i) { return i >= from ? i - from : i + size - from; };
    std::size_t i = tier_.ready_.next(from);
    while (i != kNobody && !has(i)) {
        const std::size_t after = tier_.ready_.next(i + 1);
        // Once round: those that were tried stay in the set.
        const bool is_round = after == kNobody || way_to(after) <= way_to(i);
        if (is_round) return kNobody;
        i = after;
    }
    return i;
}

const Candidate& Usable::candidate(std::size_t i) const {
    return tier_.members_[i].candidate;
}

std::uint32_t Usable::in_flight(std::size_t i) const {
    return candidate(i).account->state->health.in_flight();
}

const Health& Usable::health(std::size_t i) const {
    const Healths all = tier_.healths(i);
    return all[kModelHealth] != nullptr ? *all[kModelHealth] : *all[kAccountHealth];
}

float Usable::content_ms(std::size_t i) const {
    return health(i).content_ms(ask_.now_ms);
}

float Usable::headroom(std::size_t i) const {
    const Healths all = tier_.healths(i);
    float least = 1;
    bool is_told = false;
    for (const std::size_t h : {kAccountHealth, kModelHealth}) {
        if (all[h] == nullptr) continue;
        const float told = all[h]->headroom(ask_.now_ms);
        if (told == Health::kUntold) continue;
        least = is_told ? std::min(least, told) : told;
        is_told = true;
    }
    return least;
}

std::uint64_t Usable::number(std::size_t i) const {
    return tier_.number(i);
}

std::size_t Usable::index_of(std::uint32_t account) const {
    return tier_.index_of(account);
}

std::uint32_t Usable::sessions(std::size_t i) const {
    return tier_.affinity_.count(candidate(i).account->state->number());
}

}  // namespace parley::routing
