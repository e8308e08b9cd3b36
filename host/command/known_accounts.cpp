#include "command/known_accounts.hpp"

#include <algorithm>
#include <iostream>

#include "base/log.hpp"
#include "base/nearest.hpp"

namespace parley::command {

using base::Result;
using plugins::Instance;

int say_failure(const base::Error& why) {
    std::string words = why.message;
    // A page that a browser came back from may have put anything there.
    std::replace_if(
        words.begin(), words.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
    std::cerr << words << '\n';
    return 1;
}

const base::Secret& KnownAccount::secret() const {
    if (stored) return stored->secret;
    return terms.api_key.empty() ? terms.secret : terms.api_key;
}

Result<config::EgressPtr> KnownAccount::egress(const KnownProvider& of) const {
    if (!stored) return terms.via;
    return config::read_egress(terms.egress, of.provider.via);
}

std::unique_ptr<KnownAccounts> KnownAccounts::open(const Options& options, bool needs_store) {
    Setup setup = read_configuration(options, false);
    if (!report(setup.loaded, setup.file)) return nullptr;
    base::set_up_log({base::LogLevel::error, false});
    auto services = make_services();
    plugins::Catalogue catalogue = load_plugins(setup.loaded.config, services);
    std::unique_ptr<KnownAccounts> known(
        new KnownAccounts(std::move(setup), std::move(services), std::move(catalogue)));
    auto opened = store::Opened::open(known->config(), known->catalogue_, known->services_);
    if (opened) {
        known->store_ = std::move(*opened);
        return known;
    }
    std::cerr << (needs_store ? "" : "warning: ") << opened.error().message << '\n';
    if (needs_store) return nullptr;
    return known;
}

std::vector<std::string> KnownAccounts::names_of_providers() const {
    std::vector<std::string> names = catalogue_.ids_of(PARLEY_KIND_PROVIDER);
    for (const config::Provider& each : config().providers) names.push_back(each.name);
    return names;
}

Result<KnownProvider*> KnownAccounts::provider(const std::string& name) {
    for (const auto& each : providers_) {
        if (each->provider.name == name) return each.get();
    }
    auto known = std::make_unique<KnownProvider>();
    const auto& all = config().providers;
    const auto configured =
        std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.name == name; });
    known->is_configured = configured != all.end();
    if (known->is_configured) {
        known->provider = *configured;
    } else if (auto house = config::read_egress(config().upstream_egress, {})) {
        known->provider.via = std::move(*house);
    }
    known->provider.name = name;
    known->plugin = known->provider.plugin.empty() ? name : known->provider.plugin;
    known->found = catalogue_.find(PARLEY_KIND_PROVIDER, known->plugin);
    if (!known->found) {
        std::string why = known->is_configured
                              ? "provider \"" + known->plugin + "\" is not loaded"
                              : "no provider \"" + name + "\" is configured, nor a plugin loaded";
        const auto near = base::nearest(
            known->plugin,
            known->is_configured ? catalogue_.ids_of(PARLEY_KIND_PROVIDER) : names_of_providers(),
            1);
        if (!near.empty()) why += "; did you mean \"" + near.front() + '"';
        return base::gateway_error(PARLEY_E_NOT_FOUND, why);
    }
    known->settings = known->provider.settings;
    Instance::Faults faults;
    if (Instance::check(*known->found.component, known->settings, faults)) {
        known->login = plugins::Login::make(
            catalogue_, services_, known->plugin, name, known->settings, faults);
    }
    if (!faults.empty()) {
        return base::gateway_error(
            PARLEY_E_CONFIG,
            "provider \"" + name + "\": " + faults.front().path + ": " + faults.front().message);
    }
    providers_.push_back(std::move(known));
    return providers_.back().get();
}

// What its secret says, or why it cannot be used.
void KnownAccounts::judge(KnownAccount& account) {
    if (!account.fault.empty()) return;
    auto known = provider(account.provider);
    if (!known) {
        account.fault = known.error().message;
        return;
    }
    if ((*known)->login == nullptr) return;
    auto facts = (*known)->login->parse(account.secret().reveal());
    if (facts) {
        account.facts = std::move(*facts);
    } else {
        account.fault = facts.error().message;
    }
}

Result<std::vector<KnownAccount>> KnownAccounts::all() {
    std::vector<KnownAccount> all;
    for (const config::Provider& each : config().providers) {
        for (const config::Account& account : each.accounts) {
            KnownAccount known;
            known.provider = each.name;
            known.terms = account;
            all.push_back(std::move(known));
        }
    }
    if (store_ != nullptr) {
        auto listed = store_->accounts();
        if (!listed) return std::move(listed).error();
        for (store::Listed& each : *listed) {
            KnownAccount known;
            const std::string name = each.key.substr(store::kAccountPrefix.size());
            known.provider = name.substr(0, name.find('/'));
            known.terms.label = name.substr(std::min(name.find('/') + 1, name.size()));
            if (each.account) {
                known.terms = each.account->terms;
                known.stored = std::move(*each.account);
            } else {
                known.stored.emplace();
                known.fault = each.account.error().message;
            }
            all.push_back(std::move(known));
        }
    }
    for (KnownAccount& account : all) judge(account);
    std::stable_sort(
        all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
    return all;
}

Result<KnownAccount> KnownAccounts::find(const std::string& name) {
    auto listed = all();
    if (!listed) return std::move(listed).error();
    const bool is_whole = name.find('/') != name.npos;
    std::vector<std::string> names;
    std::vector<KnownAccount*> fitting;
    for (KnownAccount& each : *listed) {
        names.push_back(each.name());
        if (is_whole ? each.name() == name : each.provider == name) fitting.push_back(&each);
    }
    if (fitting.size() == 1) return std::move(*fitting.front());
    std::string why = "no account is called \"" + name + '"';
    if (fitting.size() > 1) {
        why = '"' + name + "\" may be any of";
        for (const KnownAccount* each : fitting) why += ' ' + each->name();
    } else if (const auto near = base::nearest(name, names, 1); !near.empty()) {
        why += "; did you mean \"" + near.front() + '"';
    }
    return base::client_error(PARLEY_E_NOT_FOUND, why);
}

}  // namespace parley::command
