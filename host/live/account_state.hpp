// live/account_state.hpp: how it goes with the accounts, for people and programs that look on.
#pragma once

#include <boost/json/array.hpp>

#include "pipeline/world.hpp"

namespace parley::live {

// One object for each account, in the order of the configuration. No secrets.
boost::json::array account_states(const pipeline::World& world);

// What of that is known of one by its live side alone.
boost::json::object state_of(const accounts::State& account, std::int64_t now_ms);

}  // namespace parley::live
