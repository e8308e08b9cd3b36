#include "pipeline/stored_accounts.hpp"

#include <algorithm>
#include <set>

#include "accounts/keeper.hpp"
#include "accounts/make_account.hpp"
#include "base/log.hpp"

namespace parley::pipeline {

using base::LogLevel;
using store::AccountPtr;

void StoredAccounts::add_providers(const plugins::Catalogue& catalogue,
                                   config::Config& config) const {
    std::set<std::string_view> known;
    for (const config::Provider& provider : config.providers) known.insert(provider.name);
    std::vector<config::Provider> added;
    const auto house = config::read_egress(config.upstream_egress, {});
    for (const AccountPtr& account : stored_.accounts) {
        if (!known.insert(account->provider).second) continue;
        if (catalogue.find(PARLEY_KIND_PROVIDER, account->provider)) {
            config::Provider& provider = added.emplace_back();
            provider.name = account->provider;
            if (house) provider.via = *house;
        } else {
            complain(account, "no [[provider]] and no plugin has the name of its provider");
        }
    }
    for (config::Provider& provider : added) config.providers.push_back(std::move(provider));
}

void StoredAccounts::add_to(routing::Place& place,
                            const config::Provider& provider,
                            accounts::Book& book) const {
    // They stand in the order of provider and label.
    const auto is_before = [](const AccountPtr& account, const std::string& name) {
        return account->provider < name;
    };
    auto it =
        std::lower_bound(stored_.accounts.begin(), stored_.accounts.end(), place.name, is_before);
    std::set<std::string, std::less<>> taken;
    for (const accounts::Account& configured : place.accounts) taken.insert(configured.label);
    for (; it != stored_.accounts.end() && (*it)->provider == place.name; ++it) {
        if (taken.contains((*it)->label)) {
            complain(*it, "the configuration has an account of this label");
        } else {
            add(*it, place, provider, book);
        }
    }
}

void StoredAccounts::add(const AccountPtr& stored,
                         routing::Place& place,
                         const config::Provider& provider,
                         accounts::Book& book) const {
    auto secret = accounts::make_secret(stored->secret, place.login.get());
    if (!secret) return complain(stored, secret.error().message);
    auto egress = config::read_egress(stored->terms.egress, provider.via);
    if (!egress) return complain(stored, "egress: " + egress.error().message);
    auto account = accounts::make_account(stored->terms, place.name, book);
    account.egress = std::move(*egress);
    account.document = store::account_key(stored->provider, stored->label);
    account.secret = std::move(*secret);
    const bool is_renewed = account.secret->is_refreshable && !account.disabled;
    if (is_renewed) account.login = place.login.get();
    place.accounts.push_back(std::move(account));
}

void StoredAccounts::bring_kept_secret(std::string_view provider,
                                       accounts::Account& account) const {
    if (stored_.ledger == nullptr) return;
    account.document = accounts::kept_key(provider, account.label);
    account.origin = accounts::origin_of(account.secret->text);
    const auto kept = accounts::kept_secret(*stored_.ledger, account.document, account.origin);
    if (!kept) return;
    auto secret = accounts::make_secret(*kept, account.login);
    if (secret) account.secret = std::move(*secret);
}

void StoredAccounts::complain(const AccountPtr& stored, std::string_view why) const {
    const bool is_known = before_ != nullptr &&
                          std::find(before_->accounts.begin(), before_->accounts.end(), stored) !=
                              before_->accounts.end();
    if (is_known) return;
    base::log(LogLevel::warn,
              "stored account left out",
              {{"account", stored->provider + "/" + stored->label}, {"why", why}});
}

}  // namespace parley::pipeline
