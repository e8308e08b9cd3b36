#include "accounts/kept_state.hpp"

#include <array>
#include <unistd.h>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "config/terms.hpp"

namespace parley::accounts {

namespace json = boost::json;

namespace {

constexpr std::string_view kCoolDowns = "state/cool-downs/";
constexpr std::string_view kBudgets = "state/budgets/";
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kRoundMs = 1'000;

std::string under(std::string_view prefix, const std::string& name) {
    return std::string(prefix) + name;
}

json::object object_of(const base::Secret& text) {
    json::error_code code;
    json::value value = json::parse(text.reveal(), code);
    return !code && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::int64_t number_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

// Two clocks differ by another millisecond each time; that is no news.
void round_times(json::value& value) {
    if (!value.is_object()) return;
    for (auto& member : value.get_object()) {
        if (member.key().ends_with("_ms") && member.value().is_int64()) {
            std::int64_t& at = member.value().get_int64();
            at = (at + kRoundMs / 2) / kRoundMs * kRoundMs;
        } else {
            round_times(member.value());
        }
    }
}

}  // namespace

std::string replica_of(const std::string& configured) {
    if (!configured.empty()) return configured;
    std::array<char, 256> host{};
    const bool is_known = ::gethostname(host.data(), host.size() - 1) == 0;
    const std::string name = is_known ? host.data() : "";
    return config::is_name(name) ? name : "parley";
}

void KeptState::restore(Book& book,
                        const Callers& callers,
                        std::int64_t now_ms,
                        std::int64_t wall_ms) {
    std::vector<json::object> others;
    json::object own;
    ledger_->each(kCoolDowns, [&](const std::string& key, const store::Entry& entry) {
        json::object state = object_of(*entry.in_force());
        if (key == under(kCoolDowns, replica_)) {
            own = std::move(state);
        } else {
            others.push_back(std::move(state));
        }
    });
    for (const json::object& state : others) book.restore(state, now_ms, wall_ms);
    book.restore(own, now_ms, wall_ms);
    const auto budgets = ledger_->find(under(kBudgets, replica_));
    if (!budgets) return;
    const json::object state = object_of(*budgets);
    const json::value* tokens = state.if_contains("tokens");
    if (tokens == nullptr || !tokens->is_object()) return;
    if (number_at(state, "day") != wall_ms / kDayMs) return;
    for (const auto& [name, used] : tokens->get_object()) {
        const Caller* caller = callers.find_by_name(name);
        if (caller == nullptr || !used.is_int64() || used.get_int64() < 0) continue;
        caller->budget->restore_day(static_cast<std::uint64_t>(used.get_int64()), wall_ms);
    }
}

void KeptState::keep(const Book& book,
                     const Callers& callers,
                     std::int64_t now_ms,
                     std::int64_t wall_ms) {
    json::value cool_downs = book.snapshot(now_ms, wall_ms);
    round_times(cool_downs);
    write(under(kCoolDowns, replica_), cool_downs.get_object(), last_cool_downs_);
    json::object tokens;
    callers.each([&](const Caller& caller) {
        const std::uint64_t used = caller.budget->tokens_of_day(wall_ms);
        if (used != 0) tokens[caller.name] = used;
    });
    if (tokens.empty() && last_budgets_.empty()) return;
    write(under(kBudgets, replica_),
          {{"day", wall_ms / kDayMs}, {"tokens", std::move(tokens)}},
          last_budgets_);
}

// A document that says nothing is not begun.
void KeptState::write(const std::string& key, const json::object& state, base::Secret& last) {
    base::Secret text(json::serialize(state));
    if (text == last || (state.empty() && last.empty() && !ledger_->find(key))) return;
    last = text;
    ledger_->change(key, [text](const base::Secret*) { return std::optional(text); });
}

}  // namespace parley::accounts
