// command/login.cpp: an account is won by a browser, or forgotten.
#include <iostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/clock.hpp"
#include "command/commands.hpp"
#include "command/known_accounts.hpp"
#include "command/secret_file.hpp"
#include "command/sign_in.hpp"
#include "config/schema.hpp"
#include "config/terms.hpp"

namespace parley::command {

using base::Result;
using base::Secret;
using store::AccountDocument;

namespace {

constexpr int kCancelled = 130;  // as shells say of a program that Ctrl-C ended

// A value that is JSON is taken for that, any other for a text.
void put(boost::json::object& params, const std::string& name, const std::string& text) {
    boost::json::error_code fault;
    boost::json::value value = boost::json::parse(text, fault);
    if (fault) value = text;
    params[name] = std::move(value);
}

// "--set name=value", "--set name=@file"; "@-" is standard input. What was given may be a secret
// and is not repeated.
Result<std::string> read_params(const Options& options, const plugins::Login& login) {
    boost::json::object params;
    if (options.device) params["device"] = true;
    for (const std::string& each : options.params) {
        const std::size_t equals = each.find('=');
        if (equals == 0 || equals == each.npos) {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                      "--set: expected name=value or name=@file");
        }
        const std::string name = each.substr(0, equals);
        if (each.size() <= equals + 1 || each[equals + 1] != '@') {
            put(params, name, each.substr(equals + 1));
            continue;
        }
        auto text = read_secret_file(each.substr(equals + 2));
        if (!text) return std::move(text).error();
        put(params, name, std::string(text->reveal()));
    }
    auto schema = config::Schema::parse(login.params_schema());
    if (!schema) return std::move(schema).error();
    if (options.device && !schema->knows("device")) {
        return base::client_error(PARLEY_E_UNSUPPORTED,
                                  "--device: this provider has no login by device");
    }
    for (const config::SchemaFault& fault : schema->check(params)) {
        return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                  "--set " + fault.path + ": " + fault.message);
    }
    return boost::json::serialize(params);
}

// What may stand in a label, of what a login calls the account.
std::string label_from(std::string_view text) {
    constexpr std::size_t kBytesMax = 64;
    constexpr std::string_view kMarks = "._-@+";
    std::string label;
    for (const char c : text.substr(0, kBytesMax)) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
        label += fits ? c : '-';
    }
    return label.empty() ? "main" : label;
}

// Where the account of a login belongs.
struct Seat {
    std::string label;
    bool is_replaced = false;  // the same account is there already
};

// The seat that this account has, by its id, or a free one.
Result<Seat> find_seat(KnownAccounts& known,
                       const std::string& provider,
                       const plugins::SecretFacts& facts,
                       const std::string& wished) {
    auto all = known.all();
    if (!all) return std::move(all).error();
    const auto taken_by = [&](const std::string& label) -> const KnownAccount* {
        for (const KnownAccount& each : *all) {
            if (each.provider == provider && each.terms.label == label) return &each;
        }
        return nullptr;
    };
    for (const KnownAccount& each : *all) {
        const bool is_same =
            each.provider == provider && each.stored && !facts.id.empty() &&
            (each.stored->id == facts.id || (each.facts && each.facts->id == facts.id));
        if (is_same) return Seat{each.terms.label, true};
    }
    if (!wished.empty()) {
        const KnownAccount* other = taken_by(wished);
        if (other == nullptr) return Seat{wished};
        if (!other->stored) {
            return base::client_error(PARLEY_E_CONFLICT,
                                      other->name() + " stands in the configuration already");
        }
        // Who names it means it, unless it is known to be another account.
        const bool is_other = !facts.id.empty() && !other->stored->id.empty();
        if (!is_other) return Seat{wished, true};
        return base::client_error(PARLEY_E_CONFLICT,
                                  other->name() + " is another account; choose another --label");
    }
    const std::string usual = label_from(facts.label.empty() ? facts.id : facts.label);
    std::string label = usual;
    for (int number = 2; taken_by(label) != nullptr; ++number) {
        label = usual + '-' + std::to_string(number);
    }
    return Seat{label};
}

Result<void> keep(KnownAccounts& known,
                  const std::string& provider,
                  const Seat& seat,
                  const plugins::SecretFacts& facts,
                  const Secret& secret) {
    const auto edit = [&](const AccountDocument* before) -> Result<std::optional<AccountDocument>> {
        AccountDocument account;
        if (before != nullptr) account = *before;
        account.id = facts.id;
        account.secret = secret;
        account.attributes = facts.attributes;
        account.expires_at_ms = facts.expires_at_ms;
        ++account.revision;
        return std::optional(std::move(account));
    };
    auto kept = known.store()->change_account(provider, seat.label, edit);
    if (!kept) return std::move(kept).error();
    return {};
}

// The way by which a login goes: that of the account that it renews, else its provider's.
Result<config::EgressPtr> egress_of(KnownAccounts& known,
                                    const KnownProvider& provider,
                                    const std::string& label) {
    if (label.empty()) return provider.provider.via;
    auto all = known.all();
    if (!all) return std::move(all).error();
    for (const KnownAccount& each : *all) {
        const bool is_it = each.provider == provider.provider.name && each.terms.label == label;
        if (is_it) return each.egress(provider);
    }
    return provider.provider.via;
}

void say_what_is_next(const KnownProvider& provider, std::ostream& out) {
    if (provider.is_configured) return;
    out << "To use it, add to the configuration:\n\n[[provider]]\nname = \""
        << provider.provider.name << "\"\n";
}

}  // namespace

int login(const Options& options) {
    auto known = KnownAccounts::open(options, true);
    if (known == nullptr) return 1;
    auto provider = known->provider(options.provider);
    if (!provider) return say_failure(provider.error());
    const plugins::Login* login = (*provider)->login.get();
    if (login == nullptr || !login->logs_in()) {
        std::cerr << options.provider
                  << " has no login: its accounts prove themselves by keys, which stand in "
                     "[[provider.account]]\n";
        return 1;
    }
    if (!options.label.empty() && !config::is_name(options.label)) {
        std::cerr << "--label: expected letters, digits and . _ - @ +\n";
        return 1;
    }
    auto params = read_params(options, *login);
    if (!params) return say_failure(params.error());
    auto op = login->login_begin(options.provider, *params, "");
    if (!op) return say_failure(op.error());
    const config::AccountLimits& limits = known->config().accounts;
    SignIn how;
    how.opens_browser = !options.no_browser;
    auto egress = egress_of(*known, **provider, options.label);
    if (!egress) return say_failure(egress.error());
    how.bounds = {limits.login_ms,
                  limits.op_call_ms,
                  limits.login_steps_max,
                  limits.op_effects_max,
                  std::move(*egress)};
    auto secret = sign_in(known->config(), config::process_environment(), std::move(*op), how);
    if (!secret) {
        std::cerr << "\ncancelled; nothing was kept\n";
        return kCancelled;
    }
    if (!*secret) return say_failure(secret->error());
    auto facts = login->parse((*secret)->reveal());
    if (!facts) return say_failure(facts.error());
    auto seat = find_seat(*known, options.provider, *facts, options.label);
    if (!seat) return say_failure(seat.error());
    if (auto kept = keep(*known, options.provider, *seat, *facts, **secret); !kept) {
        return say_failure(kept.error());
    }
    std::cout << options.provider << '/' << seat->label
              << (seat->is_replaced ? ": logged in again\n" : ": logged in\n");
    say_what_is_next(**provider, std::cout);
    return 0;
}

int logout(const Options& options) {
    return account_remove(options);
}

}  // namespace parley::command
