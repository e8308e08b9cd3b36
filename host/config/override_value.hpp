// config/override_value.hpp: names and values as environment variables hold them.
#pragma once

#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "config/keys.hpp"
#include "config/near.hpp"

namespace parley::config {

// A name as it stands in a variable: "my-team" is MY_TEAM. Runs become one, since two part names.
std::string variable_form(std::string_view name);

// The name that a variable gives to what the file does not have.
std::string name_of(std::string_view form, char between);

Words split(std::string_view text, std::string_view between);

// Sets a key that the table of keys knows.
void put(toml::table& into, const Key& key, const std::string& text);

// Sets a plugin's key, whose type only the plugin knows: what TOML reads as true, false, a number,
// an array, a table or a quoted string is that, all else is text. So are dates: versions look so.
void put_setting(toml::table& into, std::string_view name, const std::string& text);

}  // namespace parley::config
