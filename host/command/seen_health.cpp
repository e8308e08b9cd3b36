#include "command/seen_health.hpp"

#include <iostream>

#include <boost/json/array.hpp>

#include "accounts/kept_state.hpp"
#include "base/clock.hpp"
#include "command/ask.hpp"
#include "http/loop.hpp"
#include "live/account_state.hpp"

namespace parley::command {

namespace json = boost::json;

using base::Result;

namespace {

// Of a Parley that does not run nobody knows more than when it lets an account alone, and why.
json::object kept_of(const accounts::State& state, std::int64_t now_ms) {
    json::object out = live::state_of(state, now_ms);
    const auto leave_out = [](json::object& of) {
        for (const char* live : {"in_flight", "attempts", "success_per_mille"}) of.erase(live);
    };
    leave_out(out);
    if (json::value* models = out.if_contains("models")) {
        for (auto& model : models->as_object()) leave_out(model.value().as_object());
    }
    return out;
}

}  // namespace

void bring_kept_cool_downs(store::Opened& store, accounts::Book& book, std::int64_t now_ms) {
    const auto kept = store.list(std::string(accounts::kCoolDownPrefix));
    if (!kept) {
        std::cerr << "warning: " << kept.error().message << '\n';
        return;
    }
    for (const plugins::Document& document : *kept) {
        accounts::restore_cool_downs(book, document.value, now_ms, base::wall_ms());
    }
}

Result<SeenHealth> SeenHealth::look(const Options& options, KnownAccounts& known) {
    SeenHealth seen;
    auto answers = ask_who_runs(options, "GET", "/accounts");
    if (!answers) return std::move(answers).error();
    seen.is_live_ = !answers->empty();
    for (const json::object& answer : *answers) {
        json::object& accounts = seen.workers_.emplace_back();
        for (const json::value& account : answer.at("accounts").as_array()) {
            accounts[account.at("account").as_string()] = account;
        }
    }
    if (seen.is_live_ || known.store() == nullptr) return seen;
    accounts::Book book;
    const auto now_ms = static_cast<std::int64_t>(http::Loop::clock_ms());
    bring_kept_cool_downs(*known.store(), book, now_ms);
    auto all = known.all();
    if (!all) return std::move(all).error();
    json::object& accounts = seen.workers_.emplace_back();
    for (const KnownAccount& account : *all) {
        const auto state = book.find(account.name());
        if (state != nullptr) accounts[account.name()] = kept_of(*state, now_ms);
    }
    return seen;
}

std::vector<json::object> SeenHealth::of(const std::string& account) const {
    std::vector<json::object> found;
    for (const json::object& worker : workers_) {
        const json::value* known = worker.if_contains(account);
        if (known != nullptr) found.push_back(known->as_object());
    }
    return found;
}

}  // namespace parley::command
