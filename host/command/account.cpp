// command/account.cpp: what accounts there are, and who of them serves.
#include <functional>
#include <iostream>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/clock.hpp"
#include "command/commands.hpp"
#include "command/health_words.hpp"
#include "command/seen_health.hpp"
#include "config/units.hpp"

namespace parley::command {

using base::Result;
using store::AccountDocument;

namespace {

// "ready", or what keeps it from serving.
std::string state_of(const KnownAccount& account, std::int64_t now_ms) {
    if (!account.fault.empty()) return "broken";
    if (account.terms.disabled) return "disabled";
    if (!account.facts) return "ready";
    const plugins::SecretFacts& facts = *account.facts;
    const bool has_expired = facts.expires_at_ms != 0 && facts.expires_at_ms <= now_ms;
    if (has_expired && !facts.is_refreshable) return "expired";
    if (facts.is_pending || has_expired) return "to be refreshed";
    return "ready";
}

std::string life_of(const KnownAccount& account, std::int64_t now_ms) {
    if (!account.facts || account.facts->expires_at_ms == 0) return "does not expire";
    const std::int64_t left_ms = account.facts->expires_at_ms - now_ms;
    constexpr std::int64_t kSecond = 1'000;
    const std::int64_t whole_ms = std::abs(left_ms) / kSecond * kSecond;
    const std::string span = config::print_duration(static_cast<std::uint64_t>(whole_ms));
    const std::string end = left_ms > 0 ? "expires in " + span : "expired " + span + " ago";
    return account.facts->is_refreshable ? end + ", renewed by itself" : end;
}

std::string place_of(const KnownAccounts& known, const KnownAccount& account) {
    if (account.stored) return "store";
    const std::string& file = known.setup().file;
    const std::uint32_t line = account.terms.position.line;
    return line == 0 || file.empty() ? "configuration" : file + ':' + std::to_string(line);
}

boost::json::object json_of(const KnownAccounts& known,
                            const KnownAccount& account,
                            std::int64_t now_ms) {
    boost::json::object out;
    out["account"] = account.name();
    out["provider"] = account.provider;
    out["label"] = account.terms.label;
    out["state"] = state_of(account, now_ms);
    out["from"] = place_of(known, account);
    if (!account.fault.empty()) out["why"] = account.fault;
    if (account.facts) {
        const plugins::SecretFacts& facts = *account.facts;
        if (!facts.label.empty()) out["identity"] = facts.label;
        out["refreshable"] = facts.is_refreshable;
        if (facts.expires_at_ms != 0) out["expires_at_ms"] = facts.expires_at_ms;
    }
    if (!account.terms.note.empty()) out["note"] = account.terms.note;
    return out;
}

// Beside what it is: how it goes with it. One object where one process knows of it.
void add_health(boost::json::object& to, const SeenHealth& seen, const KnownAccount& account) {
    const std::vector<boost::json::object> all = seen.of(account.name());
    if (all.empty()) return;
    to["seen"] = seen.is_live() ? "running" : "kept";
    if (all.size() == 1) {
        to["health"] = all.front();
    } else {
        to["workers"] = boost::json::array(all.begin(), all.end());
    }
}

std::string worker_of(const std::vector<boost::json::object>& all, std::size_t i) {
    return all.size() == 1 ? std::string() : "  (worker " + std::to_string(i + 1) + ')';
}

// Its state and, when it is left alone all the same, why and for how long.
std::string state_with(const KnownAccount& account,
                       const std::vector<boost::json::object>& health,
                       std::int64_t now_ms) {
    const std::string state = state_of(account, now_ms);
    const bool may_serve = state == "ready" || state == "to be refreshed";
    for (std::size_t i = 0; i < health.size() && may_serve; ++i) {
        if (!is_left_alone(health[i])) continue;
        return words_of_state(health[i]) + worker_of(health, i);
    }
    return state;
}

void print_seen(const KnownAccount& account, const SeenHealth& seen) {
    const std::vector<boost::json::object> all = seen.of(account.name());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all.size() > 1) std::cout << "worker      " << i + 1 << '\n';
        if (seen.is_live()) print_health(all[i], std::cout);
        if (!seen.is_live()) print_kept(all[i], std::cout);
    }
    if (all.empty() && seen.is_live()) std::cout << "the parley that runs does not serve it\n";
}

// The secret as its login shows it: with what proves it blanked.
std::string shown_secret(KnownAccounts& known, const KnownAccount& account) {
    auto provider = known.provider(account.provider);
    if (!provider || (*provider)->login == nullptr) return "not shown";
    auto shown = (*provider)->login->redact(account.secret().reveal());
    return shown && !shown->empty() ? std::move(*shown) : std::string("not shown");
}

void print(KnownAccounts& known, const KnownAccount& account, std::int64_t now_ms) {
    std::ostream& out = std::cout;
    out << "account     " << account.name() << '\n'
        << "state       " << state_of(account, now_ms) << '\n';
    if (!account.fault.empty()) out << "why         " << account.fault << '\n';
    out << "from        " << place_of(known, account) << '\n';
    if (account.facts) {
        const plugins::SecretFacts& facts = *account.facts;
        if (!facts.label.empty()) out << "identity    " << facts.label << '\n';
        out << "life        " << life_of(account, now_ms) << '\n';
        if (!facts.attributes.empty()) out << "attributes  " << facts.attributes << '\n';
    }
    if (account.stored) out << "revision    " << account.stored->revision << '\n';
    const config::Account& terms = account.terms;
    const auto list = [&](const char* name, const std::vector<std::string>& all) {
        if (all.empty()) return;
        out << name;
        for (const std::string& each : all) out << ' ' << each;
        out << '\n';
    };
    out << "priority    " << terms.priority << ", weight " << terms.weight << '\n';
    list("models     ", terms.models);
    list("excluded   ", terms.excluded_models);
    if (!terms.prefix.empty()) out << "prefix      " << terms.prefix << '\n';
    if (!terms.note.empty()) out << "note        " << terms.note << '\n';
    out << "secret      " << shown_secret(known, account) << '\n';
}

// Changes a stored account; those of the configuration are changed there.
int change(const Options& options,
           const std::function<Result<std::string>(KnownAccounts&, const KnownAccount&)>& done) {
    auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return 1;
    auto account = known->find(options.account);
    if (!account) return say_failure(account.error());
    if (!account->stored) {
        std::cerr << account->name() << " stands in " << place_of(*known, *account)
                  << "; change it there\n";
        return 1;
    }
    auto words = done(*known, *account);
    if (!words) return say_failure(words.error());
    std::cout << account->name() << ": " << *words << '\n';
    return 0;
}

int set_disabled(const Options& options, bool disabled) {
    return change(options, [disabled](KnownAccounts& known, const KnownAccount& account) {
        const auto edit =
            [disabled](const AccountDocument* before) -> Result<std::optional<AccountDocument>> {
            if (before == nullptr) {
                return base::client_error(PARLEY_E_NOT_FOUND, "it was removed in between");
            }
            AccountDocument after = *before;
            after.terms.disabled = disabled;
            return std::optional(std::move(after));
        };
        auto kept = known.store()->change_account(account.provider, account.terms.label, edit);
        if (!kept) return Result<std::string>(std::move(kept).error());
        return Result<std::string>(disabled ? "disabled" : "enabled");
    });
}

}  // namespace

int account_list(const Options& options) {
    auto known = KnownAccounts::open(options, false);
    if (known == nullptr) return 1;
    auto all = known->all();
    if (!all) return say_failure(all.error());
    const auto seen = SeenHealth::look(options, *known);
    if (!seen) return say_failure(seen.error());
    const std::int64_t now_ms = base::wall_ms();
    if (options.json) {
        boost::json::array out;
        for (const KnownAccount& each : *all) {
            boost::json::object one = json_of(*known, each, now_ms);
            add_health(one, *seen, each);
            out.push_back(std::move(one));
        }
        std::cout << boost::json::serialize(out) << '\n';
        return 0;
    }
    std::size_t widest = 0;
    for (const KnownAccount& each : *all) widest = std::max(widest, each.name().size());
    for (const KnownAccount& each : *all) {
        const std::string name = each.name();
        const std::vector<boost::json::object> health = seen->of(name);
        std::cout << name << std::string(widest - name.size() + 2, ' ')
                  << state_with(each, health, now_ms) << ", " << life_of(each, now_ms) << "  ("
                  << place_of(*known, each) << ')';
        if (!each.fault.empty()) std::cout << ": " << each.fault;
        std::cout << '\n';
        for (std::size_t i = 0; i < health.size(); ++i) {
            print_cool_downs(health[i], worker_of(health, i), std::cout);
        }
    }
    if (all->empty()) std::cout << "no accounts; parley login <provider> wins one\n";
    return 0;
}

int account_show(const Options& options) {
    auto known = KnownAccounts::open(options, false);
    if (known == nullptr) return 1;
    auto account = known->find(options.account);
    if (!account) return say_failure(account.error());
    const auto seen = SeenHealth::look(options, *known);
    if (!seen) return say_failure(seen.error());
    const std::int64_t now_ms = base::wall_ms();
    if (!options.json) {
        print(*known, *account, now_ms);
        print_seen(*account, *seen);
        return 0;
    }
    boost::json::object out = json_of(*known, *account, now_ms);
    add_health(out, *seen, *account);
    boost::json::error_code fault;
    boost::json::value secret = boost::json::parse(shown_secret(*known, *account), fault);
    out["secret"] = fault ? boost::json::value(shown_secret(*known, *account)) : std::move(secret);
    std::cout << boost::json::serialize(out) << '\n';
    return 0;
}

int account_disable(const Options& options) {
    return set_disabled(options, true);
}

int account_enable(const Options& options) {
    return set_disabled(options, false);
}

int account_remove(const Options& options) {
    return change(options, [](KnownAccounts& known, const KnownAccount& account) {
        auto gone = known.store()->remove_account(account.provider, account.terms.label);
        if (!gone) return Result<std::string>(std::move(gone).error());
        return Result<std::string>("forgotten here; its provider may still list the login");
    });
}

}  // namespace parley::command
