// http/percent.hpp: percent-encoding and queries.
#pragma once

#include <string>
#include <string_view>

namespace parley::http {

// The text with %XX undone. Malformed sequences stay as they are.
std::string percent_decoded(std::string_view text);

// The text as it may stand in a query: what is not unreserved as %XX.
std::string percent_encoded(std::string_view text);

// The value of a parameter, decoded; empty when there is none.
std::string query_value(std::string_view query, std::string_view name);

// The query without the parameters that carry a client's key ("key", "auth_token").
std::string without_keys(std::string_view query);

}  // namespace parley::http
