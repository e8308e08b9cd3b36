// live/shown.hpp: a plugin as it serves, for a command that plays with it elsewhere: its library
// and what its components are configured with. [control]
#pragma once

#include <string>

#include "manage/control.hpp"

namespace parley::live {

class House;

// {"version", "sha256", "file", "settings"}: the file is in a folder of its own, and whoever asked
// removes both. Settings of several components are put together, the first of a name counts.
manage::Control::Answer show_plugin(const House& house, const std::string& id);

}  // namespace parley::live
