// pipeline/stored_accounts.hpp: the accounts of the store, as a World is made with them. What is
// wrong with one is logged when it is new, and leaves it out.
#pragma once

#include "pipeline/world.hpp"
#include "plugins/catalogue.hpp"

namespace parley::pipeline {

class StoredAccounts {
public:
    // `before`: what the World before this one was made with; may be null.
    StoredAccounts(const Stored& stored, const Stored* before) : stored_(stored), before_(before) {}

    // An account of a provider that nobody configured needs no configuration, if there is a plugin
    // of that name.
    void add_providers(const plugins::Catalogue& catalogue, config::Config& config) const;

    // Adds those of the place, behind the configured ones, whose labels are taken.
    void add_to(routing::Place& place,
                const config::Provider& provider,
                accounts::Book& book) const;

    // A configured account goes on with the secret that became of the configured one, and what
    // becomes of it is kept.
    void bring_kept_secret(std::string_view provider, accounts::Account& account) const;

private:
    void add(const store::AccountPtr& stored,
             routing::Place& place,
             const config::Provider& provider,
             accounts::Book& book) const;
    void complain(const store::AccountPtr& stored, std::string_view why) const;

    const Stored& stored_;
    const Stored* before_;
};

}  // namespace parley::pipeline
