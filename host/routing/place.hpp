// routing/place.hpp: a provider instance with its accounts and the models it serves.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/account.hpp"
#include "plugins/border.hpp"

namespace parley::routing {

// A provider that needs no proof has one account without a secret.
struct Place {
    std::string name;  // of the instance
    std::unique_ptr<plugins::Provider> provider;
    std::unique_ptr<plugins::Login> login;  // of its accounts, where they need one
    std::vector<accounts::Account> accounts;
    std::vector<std::string> models;    // names and patterns
    std::vector<std::string> excluded;  // likewise
    bool usage_in_streams = false;
    // What is held against the place as a whole; never null.
    std::shared_ptr<accounts::State> state;

    bool serves(std::string_view model) const;
};

// What the account itself says of a model that its place serves.
bool serves(const accounts::Account& account, std::string_view model);

}  // namespace parley::routing
