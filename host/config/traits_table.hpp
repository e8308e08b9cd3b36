// config/traits_table.hpp: the forms of the traits that docs/models.md lists. Others are a
// dialect's own, and it alone knows their form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace parley::config {

// What is wrong with a trait's value, as a fault says it; empty: nothing, as far as is known here.
std::string fault_of_trait(std::string_view name, const boost::json::value& value);

// Those whose form is known, without those known by their ending.
std::vector<std::string_view> trait_names();

}  // namespace parley::config
