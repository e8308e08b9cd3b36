// arguments.hpp: arguments of a call as the JSON object that Google demands.
#pragma once

#include <string>
#include <string_view>

#include "parley/event.h"
#include "parley/sdk/custom_tool.hpp"
#include "wire.hpp"

namespace parley::gemini {

// Free text, values that are no object, and what is no JSON at all become a member of one.
inline std::string arguments_object(std::string_view arguments, bool is_custom) {
    if (is_custom) return sdk::custom_tool_arguments(arguments);
    if (arguments.find_first_not_of(" \t\r\n") == arguments.npos) return "{}";
    if (is_object(arguments)) return sdk::json_without_lone_surrogates(arguments);
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object();
    if (is_json(arguments)) {
        w.key("input").raw(sdk::json_without_lone_surrogates(arguments));
    } else {
        w.key("_raw").string(arguments);
    }
    w.end_object();
    return json;
}

}  // namespace parley::gemini
