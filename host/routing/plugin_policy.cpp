#include "routing/plugin_policy.hpp"

#include <algorithm>
#include <array>

namespace parley::routing {

namespace {

// So many candidates are shown to a plugin; of more another stretch each time.
constexpr std::size_t kShownMax = 64;

parley_candidate shown(const Usable& usable, std::size_t i, const Ask& ask) {
    const Candidate& candidate = usable.candidate(i);
    const accounts::Health& health = usable.health(i);
    auto out = plugins::sized<parley_candidate>();
    out.weight = candidate.account->weight;
    out.priority = candidate.account->priority;
    out.in_flight = usable.in_flight(i);
    out.number = usable.number(i);
    out.account = plugins::str(candidate.account->id);
    out.provider = plugins::str(candidate.place->name);
    out.model = plugins::str(candidate.model);
    out.success_per_mille = health.success_per_mille(ask.now_ms);
    out.last_error_class = static_cast<std::uint32_t>(health.failing_class());
    out.content_ms = static_cast<std::uint64_t>(usable.content_ms(i));
    const std::int64_t ended = health.ended_ms();
    out.idle_ms = ended == 0
                      ? UINT64_MAX
                      : static_cast<std::uint64_t>(std::max<std::int64_t>(ask.now_ms - ended, 0));
    out.attempts = health.attempts();
    out.session_count = usable.sessions(i);
    accounts::Quota quota = candidate.account->state->health.tokens_left(ask.now_ms);
    const accounts::Quota of_model = health.tokens_left(ask.now_ms);
    if (quota.left < 0 || (of_model.left >= 0 && of_model.left < quota.left)) quota = of_model;
    out.quota_left = quota.left;
    out.quota_reset_ms = quota.reset_ms;
    return out;
}

class PluginPolicy final : public Policy {
public:
    PluginPolicy(std::shared_ptr<const plugins::Policy> plugin,
                 std::span<const std::uint32_t> weights)
        : plugin_(std::move(plugin)), fallback_(find_policy("headroom")(weights)) {
        for (const std::string& name : policy_names()) {
            delegates_.emplace_back(name, find_policy(name)(weights));
        }
    }

    std::size_t pick(const Usable& usable, const Ask& ask) override {
        std::array<parley_candidate, kShownMax> candidates;
        std::array<const parley_candidate*, kShownMax> pointers{};
        std::array<std::size_t, kShownMax> indices{};
        const std::size_t size = usable.size();
        const std::size_t affine = ask.affine == 0 ? kNobody : usable.index_of(ask.affine);
        // By other bits than the plugin is likely to use; who has the conversation is among them.
        std::size_t start = size > kShownMax ? (ask.random >> 32) % size : 0;
        if (size > kShownMax && affine != kNobody) start = affine;
        std::size_t count = 0;
        for (std::size_t i = usable.next(start); i != kNobody && count < kShownMax;) {
            if (count != 0 && i == indices[0]) break;
            candidates[count] = shown(usable, i, ask);
            pointers[count] = &candidates[count];
            indices[count++] = i;
            i = usable.next(i + 1);
        }
        if (count == 0) return kNobody;
        return asked(usable, ask, {pointers.data(), count}, {indices.data(), count});
    }

    bool decides_affinity() const override { return true; }

    void report(const parley_pick_report& report) override { plugin_->report(report); }

private:
    std::size_t asked(const Usable& usable,
                      const Ask& ask,
                      std::span<const parley_candidate* const> candidates,
                      std::span<const std::size_t> indices) {
        auto of_plugin = plugins::sized<parley_pick_ask>();
        of_plugin.attempt = ask.attempt;
        of_plugin.exchange = ask.exchange;
        of_plugin.monotonic_ms = ask.now_ms;
        of_plugin.random = ask.random;
        const std::size_t affine = ask.affine == 0 ? kNobody : usable.index_of(ask.affine);
        const auto found = std::find(indices.begin(), indices.end(), affine);
        const bool stays = found != indices.end();
        if (stays) {
            of_plugin.flags = PARLEY_PICK_ASK_AFFINITY;
            of_plugin.affinity = static_cast<std::uint32_t>(found - indices.begin());
        }
        // The host's own policies have a conversation stay where it was.
        const auto by_host = [&](Policy& policy) {
            return stays ? affine : policy.pick(usable, ask);
        };
        base::Error why;
        const auto answer = plugin_->pick(of_plugin, candidates, why);
        if (!answer) return by_host(*fallback_);
        if (answer->action == PARLEY_PICK_INDEX) return indices[answer->index];
        if (answer->action == PARLEY_PICK_REJECT && ask.rejection != nullptr) {
            *ask.rejection = std::move(why);
            return kNobody;
        }
        const std::string_view name = plugins::view(answer->delegate);
        for (const auto& [known, policy] : delegates_) {
            if (known == name) return by_host(*policy);
        }
        return by_host(*fallback_);
    }

    std::shared_ptr<const plugins::Policy> plugin_;
    std::unique_ptr<Policy> fallback_;
    std::vector<std::pair<std::string, std::unique_ptr<Policy>>> delegates_;
};

}  // namespace

FindPolicy with_plugins(std::vector<std::shared_ptr<const plugins::Policy>> policies) {
    return [policies = std::move(policies)](std::string_view name) -> Pool::PolicyOf {
        for (const auto& policy : policies) {
            if (policy->name() != name) continue;
            return [policy](std::span<const std::uint32_t> weights) -> std::unique_ptr<Policy> {
                return std::make_unique<PluginPolicy>(policy, weights);
            };
        }
        return built_in_policy(name);
    };
}

}  // namespace parley::routing
