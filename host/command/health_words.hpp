// command/health_words.hpp: what a Parley says of an account's health, in words.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace parley::command {

// A member as text; empty when there is none.
std::string text_at(const boost::json::object& from, std::string_view key);
// A member that counts milliseconds, as a duration.
std::string duration_at(const boost::json::object& from, std::string_view key);

// It cools down, or nothing but a new login helps.
bool is_left_alone(const boost::json::object& health);
// "cooling down: rate_limited, for 9m58s: slow down", or what else its state is.
std::string words_of_state(const boost::json::object& health);

// A line for each model that cools down, and for the provider if it does. `worker` stands behind
// each; it may be empty.
void print_cool_downs(const boost::json::object& account, std::string_view worker, std::ostream&);

// What was kept of it: the cool-downs.
void print_kept(const boost::json::object& account, std::ostream& out);

// What `account show` tells: use, windows, last error, cool-downs.
void print_health(const boost::json::object& account, std::ostream& out);

}  // namespace parley::command
