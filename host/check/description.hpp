// check/description.hpp: what a plugin is, as data, and how two of them differ.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "check/check.hpp"

namespace parley::check {

// Manifest, what the file needs, and every component with its settings, its functions and what it
// says of itself once it is configured. Loads the file, in a child.
base::Result<boost::json::object> describe(const Subject& subject);

struct Difference {
    std::string path;    // "components.provider acme.settings.place.type"
    std::string before;  // JSON; empty: it was not there
    std::string after;   // empty: it is gone
    // What stops working for who has the one before: a configuration, or an older host; empty:
    // nothing does.
    std::string breaks;
};

std::vector<Difference> differences(const boost::json::object& before,
                                    const boost::json::object& after);

}  // namespace parley::check
