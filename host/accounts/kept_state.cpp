#include "accounts/kept_state.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "config/terms.hpp"

namespace parley::accounts {

namespace json = boost::json;

namespace {

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

Budget::Used used_in(const json::value& of, std::string_view name) {
    Budget::Used used;
    const auto number = [&](std::string_view what) -> std::uint64_t {
        const json::value* all = of.is_object() ? of.get_object().if_contains(what) : nullptr;
        if (all == nullptr || !all->is_object()) return 0;
        return static_cast<std::uint64_t>(
            std::max<std::int64_t>(number_at(all->get_object(), name), 0));
    };
    used.tokens = number("tokens");
    used.requests = number("requests");
    return used;
}

// What all callers have used of the day that the document is of.
std::map<std::string, Budget::Used, std::less<>> all_used_in(const json::object& of) {
    std::map<std::string, Budget::Used, std::less<>> all;
    for (const std::string_view what : {"tokens", "requests"}) {
        const json::value* counts = of.if_contains(what);
        if (counts == nullptr || !counts->is_object()) continue;
        for (const auto& count : counts->get_object()) {
            all.try_emplace(count.key(), used_in(of, count.key()));
        }
    }
    return all;
}

std::uint64_t beyond(std::uint64_t now, std::uint64_t before) {
    return now - std::min(now, before);
}

// What is in `now` and was not the same before.
json::object news_of(const json::object& now, const json::object& before) {
    json::object news;
    for (const auto& [id, entry] : now) {
        const json::value* known = before.if_contains(id);
        if (known == nullptr || *known != entry) news[id] = entry;
    }
    return news;
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

void restore_cool_downs(Book& book,
                        const base::Secret& document,
                        std::int64_t now_ms,
                        std::int64_t wall_ms) {
    book.restore(object_of(document), now_ms, wall_ms);
}

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
    ledger_->each(kCoolDownPrefix, [&](const std::string& key, const store::Entry& entry) {
        json::object state = object_of(*entry.in_force());
        if (key == under(kCoolDownPrefix, replica_)) {
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
    if (number_at(state, "day") != wall_ms / kDayMs) return;
    for (const auto& [name, used] : all_used_in(state)) {
        const Caller* caller = callers.find_by_name(name);
        if (caller != nullptr) caller->budget->restore_day(used, wall_ms);
    }
}

bool KeptState::is_state(std::string_view key) {
    return key.starts_with(kCoolDownPrefix) || key.starts_with(kBudgets);
}

template <class Take>
void KeptState::each_of_others(std::string_view prefix, Take&& take) {
    struct Fresh {
        std::string key;
        base::Secret text;
        std::uint64_t stamp;
    };

    std::vector<Fresh> fresh;
    ledger_->each(prefix, [&](const std::string& key, const store::Entry& entry) {
        const auto known = theirs_.find(key);
        const bool is_known = known != theirs_.end() && known->second.stamp == entry.stamp;
        if (is_known || key == under(prefix, replica_)) return;
        fresh.push_back({key, *entry.in_force(), entry.stamp});
    });
    for (const Fresh& one : fresh) {
        Theirs& known = theirs_[one.key];
        known.stamp = one.stamp;
        take(known, object_of(one.text));
    }
}

// Of a replica that is there at the first look nobody knows since when its counts have grown: they
// are of the day, and not of the minute. One that comes later has begun since.
void KeptState::follow(Book& book,
                       const Callers& callers,
                       std::int64_t now_ms,
                       std::int64_t wall_ms) {
    const bool is_first_look = !std::exchange(has_looked_, ledger_->wait_until_read(0));
    each_of_others(kCoolDownPrefix, [&](Theirs& theirs, json::object state) {
        book.restore(news_of(state, theirs.cool_downs), now_ms, wall_ms);
        theirs.cool_downs = std::move(state);
    });
    each_of_others(kBudgets, [&](Theirs& theirs, const json::object& state) {
        const bool is_unknown = is_first_look && theirs.day == 0;
        const std::int64_t day = number_at(state, "day");
        auto used = all_used_in(state);
        if (day != theirs.day) theirs.used.clear();
        for (const auto& [name, now] : used) {
            const Caller* caller = callers.find_by_name(name);
            if (caller == nullptr || is_unknown) continue;
            const Budget::Used before = theirs.used[name];
            caller->budget->spend_elsewhere(
                {beyond(now.tokens, before.tokens), beyond(now.requests, before.requests)},
                caller->limits,
                now_ms);
        }
        theirs.day = day;
        theirs.used = std::move(used);
    });
    add_up(callers, wall_ms);
}

void KeptState::add_up(const Callers& callers, std::int64_t wall_ms) const {
    callers.each([&](const Caller& caller) {
        std::uint64_t elsewhere = 0;
        for (const auto& [key, theirs] : theirs_) {
            const auto used = theirs.used.find(caller.name);
            const bool is_of_today = theirs.day == wall_ms / kDayMs;
            if (is_of_today && used != theirs.used.end()) elsewhere += used->second.tokens;
        }
        caller.budget->share_day(elsewhere, wall_ms);
    });
}

void KeptState::keep(const Book& book,
                     const Callers& callers,
                     std::int64_t now_ms,
                     std::int64_t wall_ms) {
    json::value cool_downs = book.snapshot(now_ms, wall_ms);
    round_times(cool_downs);
    write(under(kCoolDownPrefix, replica_), cool_downs.get_object(), last_cool_downs_);
    json::object tokens;
    json::object requests;
    callers.each([&](const Caller& caller) {
        const Budget::Used used = caller.budget->of_day(wall_ms);
        if (used.tokens != 0) tokens[caller.name] = used.tokens;
        if (used.requests != 0) requests[caller.name] = used.requests;
    });
    if (tokens.empty() && requests.empty() && last_budgets_.empty()) return;
    json::object budgets{{"day", wall_ms / kDayMs}, {"tokens", std::move(tokens)}};
    if (!requests.empty()) budgets["requests"] = std::move(requests);
    write(under(kBudgets, replica_), budgets, last_budgets_);
}

// A document that says nothing is not begun.
void KeptState::write(const std::string& key, const json::object& state, base::Secret& last) {
    base::Secret text(json::serialize(state));
    if (text == last || (state.empty() && last.empty() && !ledger_->find(key))) return;
    last = text;
    ledger_->change(key, [text](const base::Secret*) { return std::optional(text); });
}

}  // namespace parley::accounts
