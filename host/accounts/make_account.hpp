// accounts/make_account.hpp: an account as the configuration describes it.
#pragma once

#include <string_view>

#include "accounts/account.hpp"
#include "accounts/book.hpp"
#include "config/config.hpp"

namespace parley::accounts {

// But for its secret.
Account make_account(const config::Account& from, std::string_view provider, Book& book);

// What proves it. `login` knows what form that has; null: it is a key, sent as it is.
base::Result<LiveSecretPtr> make_secret(const config::Account& from, const plugins::Login* login);
base::Result<LiveSecretPtr> make_secret(const base::Secret& text, const plugins::Login* login);

// Of a provider that needs no proof, like a model server on this machine.
Account make_nameless_account(std::string_view provider, Book& book);

}  // namespace parley::accounts
