// schema.hpp: the tables of the store, and how older ones become today's.
#pragma once

#include <string>

#include "connection.hpp"

namespace parley::store_postgres {

// Puts the schema's quoted name in the place of every $schema$.
std::string in_schema(const std::string& schema, std::string_view sql);

// Makes or renews the tables in one transaction; refuses those of a later version. Changes nothing,
// and needs no right to, when they are of today.
void prepare_schema(Connection& connection,
                    const std::string& name,
                    Deadline deadline,
                    sdk::Cancel cancel);

}  // namespace parley::store_postgres
