// pipeline/world.hpp: everything that an exchange looks things up in. One immutable value, swapped
// as a whole; an exchange keeps the one it started with.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "accounts/book.hpp"
#include "accounts/callers.hpp"
#include "config/config.hpp"
#include "http/tls.hpp"
#include "pipeline/filters.hpp"
#include "pipeline/observers.hpp"
#include "pipeline/seals.hpp"
#include "pipeline/stash.hpp"
#include "plugins/exclusives.hpp"
#include "plugins/registry.hpp"
#include "routing/lessons.hpp"
#include "routing/owners.hpp"
#include "routing/router.hpp"
#include "routing/traits.hpp"
#include "store/account_reader.hpp"

namespace parley::pipeline {

// What comes from the store.
struct Stored {
    std::shared_ptr<store::Ledger> ledger;  // null: nothing is kept
    std::vector<store::AccountPtr> accounts;
    std::vector<config::ClientKey> keys;
    bool may_hold_more = false;  // it was never read on this machine
    // Has all workers look at the store now. [any thread]
    std::function<void()> look = {};
};

struct World {
    config::Config config;
    plugins::Registry registry;
    std::shared_ptr<accounts::Book> book;
    routing::Router router;
    Filters filters;
    Observers observers;
    routing::TraitsBook traits;
    accounts::Callers callers;
    Seals seals;
    std::shared_ptr<Stash> stash;
    std::shared_ptr<routing::Lessons> lessons;
    std::shared_ptr<routing::Owners> owners;
    std::shared_ptr<http::ClientTls> upstream_tls;
    Stored stored;
    // Of plugins, so that what they have gathered can be handed over.
    std::vector<std::shared_ptr<plugins::Instance>> instances;
    std::shared_ptr<plugins::Exclusives> exclusives;
};

}  // namespace parley::pipeline
