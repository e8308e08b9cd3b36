// command/starting_points.hpp: what plugins are begun from, by kind and language. The files lie in
// packaging/new-plugin, where each is a plugin named acme; the program carries their text.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace parley::command {

// One file of packaging/new-plugin.
struct StartingPoint {
    std::string_view path;  // "provider/acme.c"
    std::string_view text;
};

extern const std::span<const StartingPoint> kStartingPoints;

// What a plugin is to be.
struct Beginning {
    std::string kind;
    std::string name;
    std::string language;
    std::string id;  // reverse DNS; empty: one of example.com
};

// The files of a plugin by their path in its folder, or what is wrong with what was asked for.
base::Result<std::map<std::string, std::string>> begin_plugin(const Beginning& beginning);

// How the plugin is built in its folder, and where the library then is.
struct Making {
    std::string build;
    std::string library;
};

Making making_of(const Beginning& beginning);

}  // namespace parley::command
