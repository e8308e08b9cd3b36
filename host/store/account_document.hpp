// store/account_document.hpp: an account as a store keeps it: one JSON document under the key
// "account/<provider instance>/<label>".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "config/config.hpp"

namespace parley::store {

inline constexpr std::string_view kAccountPrefix = "account/";

struct AccountDocument {
    std::string provider;  // the name of a [[provider]]
    std::string label;
    std::string id;                  // as parley_secret_facts says; may be empty
    base::Secret secret;             // in the form that the provider's login understands, or a key
    std::string attributes;          // JSON object without secrets; may be empty
    std::int64_t expires_at_ms = 0;  // wall clock; 0: does not expire
    std::uint64_t revision = 0;      // counts the secrets: the higher is the newer
    config::Account terms;           // what may be said of any account: label, models, note, ...
    boost::json::object rest;        // members that this version does not know; kept
};

// "account/up/main"
std::string account_key(std::string_view provider, std::string_view label);

// The document under `key`, or all that is wrong with it. What the key says need not stand in it.
base::Result<AccountDocument> read_account(std::string_view key, std::string_view text);

base::Secret write_account(const AccountDocument& account);

}  // namespace parley::store
