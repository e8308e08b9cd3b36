// parley/sdk/seal.hpp: whom a seal is for, as its event tells.
#pragma once

#include <string_view>

#include "parley/event.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// The `extra` of a SEAL that no provider may see but the one that made it, whoever else shares the
// family.
inline constexpr std::string_view kSealOfPlace = R"({"place":true})";

inline bool is_of_place(const parley_event& seal) {
    JsonReader r(view(seal.extra));
    JsonString key;
    if (seal.extra.len == 0 || r.peek() != '{' || !r.enter_object()) return false;
    bool found = false;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "place") found = value == "true";
    }
    return found;
}

}  // namespace parley::sdk
