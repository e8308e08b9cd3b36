// openapi.hpp: Google's own schema object as JSON Schema.
#pragma once

#include <string>
#include <string_view>

namespace parley::gemini {

// {"type":"STRING","nullable":true} -> {"type":["string","null"]}. What is JSON Schema already
// stays as it is. What nests deeper than any API takes becomes {}.
std::string to_json_schema(std::string_view schema);

}  // namespace parley::gemini
