// accounts/make_account.hpp: an account as the configuration describes it.
#pragma once

#include <string_view>

#include "accounts/account.hpp"
#include "accounts/book.hpp"
#include "config/config.hpp"

namespace parley::accounts {

Account make_account(const config::Account& from, std::string_view provider, Book& book);

// Of a provider that needs no proof, like a model server on this machine.
Account make_nameless_account(std::string_view provider, Book& book);

}  // namespace parley::accounts
