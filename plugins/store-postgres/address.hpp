// address.hpp: what the url of a database may look like.
#pragma once

#include <string>

namespace parley::store_postgres {

// Throws for one that libpq would take for something else, or complain of in its own words, which
// may repeat a part of the password.
void check_url(const std::string& url);

}  // namespace parley::store_postgres
