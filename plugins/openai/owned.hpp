// owned.hpp: where the wire has what only one account knows.
#pragma once

#include <string_view>

#include "parley/sdk/json.hpp"
#include "parley/sdk/owned.hpp"

namespace parley::openai {

inline constexpr std::string_view kEncryptedKey = "\"encrypted_content\"";
inline constexpr std::string_view kFileKey = "\"file_id\"";

// The id in an object such as "conversation", raw; empty when it has none.
inline std::string_view id_in(std::string_view object) {
    sdk::JsonReader r(object);
    if (r.peek() != '{' || !r.enter_object()) return {};
    std::string_view id;
    sdk::JsonString key;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.equals("id") && value.starts_with('"')) id = value;
    }
    return id;
}

}  // namespace parley::openai
