// config/terms.hpp: what an account document says of its account beside the secret: the optional
// keys of [[provider.account]], by the same table and with the same checks.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "config/config.hpp"
#include "config/schema.hpp"

namespace parley::config {

// Whether a name is one that documents and configuration can call an account or provider by.
bool is_name(std::string_view text);

// The keys that terms have: all of an account but its label and what proves it.
std::vector<std::string> names_of_terms();

// Sets those members of `into` that `from` names and returns what is wrong. Texts are taken as they
// are: no variable of the environment is put into them.
std::vector<SchemaFault> read_terms(const boost::json::object& from, Account& into);

// Likewise for a client key: all of it but its name.
std::vector<SchemaFault> read_terms(const boost::json::object& from, ClientKey& into);

// Sets those members of `into` that differ from what an account has that says nothing, and takes
// the others away.
void write_terms(const Account& from, boost::json::object& into);

}  // namespace parley::config
