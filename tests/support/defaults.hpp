// defaults.hpp: settings as the host hands them to a component, with what its schema fills in.
#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace parley {

inline std::string with_defaults(std::string_view schema, std::string_view settings) {
    boost::json::object all = boost::json::parse(settings).as_object();
    const boost::json::value root = boost::json::parse(schema);
    for (const auto& [name, member] : root.at("properties").as_object()) {
        const auto* usual = member.as_object().if_contains("default");
        if (usual != nullptr && !all.contains(name)) all[name] = *usual;
    }
    return boost::json::serialize(all);
}

}  // namespace parley
