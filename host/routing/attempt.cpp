#include "routing/attempt.hpp"

#include <algorithm>
#include <utility>

namespace parley::routing {

using accounts::CoolDown;
using accounts::Health;

Attempt::Attempt(const Healths& healths,
                 unsigned probes,
                 std::int64_t now_ms,
                 const config::RoutingLimits& limits)
    : healths_(healths), limits_(&limits), started_ms_(now_ms), seen_ms_(now_ms), probes_(probes) {
    for (Health* health : healths_) {
        if (health != nullptr) health->begin();
    }
}

Attempt::Attempt(Attempt&& other) noexcept {
    *this = std::move(other);
}

Attempt& Attempt::operator=(Attempt&& other) noexcept {
    if (this == &other) return *this;
    leave();
    healths_ = other.healths_;
    limits_ = std::exchange(other.limits_, nullptr);
    started_ms_ = other.started_ms_;
    seen_ms_ = other.seen_ms_;
    empty_until_ms_ = other.empty_until_ms_;
    probes_ = std::exchange(other.probes_, 0U);
    return *this;
}

void Attempt::told(const accounts::Window& window, bool is_shared, std::int64_t now_ms) {
    if (!is_under_way()) return;
    const bool is_of_model = !is_shared && healths_[kModelHealth] != nullptr;
    Health* health = healths_[is_of_model ? kModelHealth : kAccountHealth];
    if (health != nullptr) health->told(window, now_ms);
    // One that refills has room again long before it is full.
    if (window.remaining == 0 && !window.refills) {
        empty_until_ms_ = std::max(empty_until_ms_, window.reset_ms);
    }
}

void Attempt::content(std::int64_t now_ms) {
    if (!is_under_way()) return;
    seen_ms_ = now_ms;
    for (const std::size_t i : {kAccountHealth, kModelHealth}) {
        if (healths_[i] != nullptr) healths_[i]->content(now_ms, now_ms - started_ms_);
    }
    clear_probed();
}

void Attempt::succeed(std::int64_t now_ms) {
    if (!is_under_way()) return;
    for (Health* health : healths_) {
        if (health != nullptr) health->count_success(now_ms);
    }
    clear_probed();
    end(now_ms);
}

std::uint64_t Attempt::fail(Fault fault, std::int64_t now_ms, std::uint64_t random) {
    if (!is_under_way()) return 0;
    const bool is_told = fault.cool_down_ms != 0 || fault.retry_after_ms != 0;
    if (is_limit(fault.error_class) && !is_told && empty_until_ms_ > now_ms) {
        fault.retry_after_ms = static_cast<std::uint64_t>(empty_until_ms_ - now_ms);
    }
    const Rule rule = rule_of(fault);
    std::size_t guilty = kProviderHealth;
    if (rule.guilty == Guilty::kAccount) guilty = kAccountHealth;
    if (rule.guilty == Guilty::kModel) guilty = kModelHealth;
    if (healths_[guilty] == nullptr) guilty = kAccountHealth;
    std::uint64_t ms = 0;
    if (rule.guilty != Guilty::kNobody && healths_[guilty] != nullptr) {
        ms = punish(guilty, fault, now_ms, random);
    }
    end(now_ms);
    return ms;
}

std::uint64_t Attempt::punish(std::size_t guilty,
                              const Fault& fault,
                              std::int64_t now_ms,
                              std::uint64_t random) {
    std::uint32_t in_a_row = 0;
    for (const std::size_t i : {kProviderHealth, kAccountHealth, kModelHealth}) {
        // What other accounts did wrong says nothing about their provider.
        const bool is_told = i == guilty || i != kProviderHealth;
        if (healths_[i] == nullptr || !is_told) continue;
        const auto row = healths_[i]->count_failure(now_ms, fault.error_class, fault.text);
        if (i == guilty) in_a_row = row;
    }
    Health& health = *healths_[guilty];
    const bool is_probe = (probes_ & (1U << guilty)) != 0;
    const std::uint64_t row_min =
        guilty == kProviderHealth ? limits_->provider_failures_min : limits_->failures_min;
    const bool is_told = fault.cool_down_ms != 0 || fault.retry_after_ms != 0;
    const bool waits_for_more = rule_of(fault).wait == Wait::kAfterSeveral && !is_told &&
                                !is_probe && health.is_open() && in_a_row < row_min;
    if (waits_for_more) return 0;
    const CoolDown known = health.cool_down();
    // It began before the cool-down did, so it is part of what brought that about.
    const bool is_same = !is_probe && known.until_ms != 0 && started_ms_ <= health.cooled_ms();
    const unsigned level = known.until_ms == 0 ? 0 : known.level + (is_same ? 0 : 1);
    const CoolDown down = cool_down_of(fault, level, now_ms, random, *limits_);
    if (is_same && down.until_ms <= known.until_ms) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(known.until_ms - now_ms, 0));
    }
    health.cool(down, is_same ? health.cooled_ms() : now_ms);
    return static_cast<std::uint64_t>(down.until_ms - now_ms);
}

void Attempt::leave() {
    if (is_under_way()) end(seen_ms_);
}

void Attempt::take_back() {
    if (!is_under_way()) return;
    for (std::size_t i = 0; i < healths_.size(); ++i) {
        if (healths_[i] == nullptr) continue;
        healths_[i]->take_back();
        if ((probes_ & (1U << i)) != 0) healths_[i]->give_probe_back();
    }
    probes_ = 0;
    limits_ = nullptr;
}

void Attempt::end(std::int64_t now_ms) {
    for (std::size_t i = 0; i < healths_.size(); ++i) {
        if (healths_[i] == nullptr) continue;
        healths_[i]->end(now_ms);
        if ((probes_ & (1U << i)) != 0) healths_[i]->give_probe_back();
    }
    probes_ = 0;
    limits_ = nullptr;
}

void Attempt::clear_probed() {
    for (std::size_t i = 0; i < healths_.size(); ++i) {
        if ((probes_ & (1U << i)) == 0) continue;
        healths_[i]->clear();
        healths_[i]->give_probe_back();
    }
    probes_ = 0;
}

}  // namespace parley::routing
