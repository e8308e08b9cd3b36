// schema.hpp: JSON Schemas as this wire takes them.
#pragma once

#include <string>
#include <string_view>

namespace parley::claude {

// The schema of a tool's input: always that of an object.
std::string input_schema(std::string_view schema);

// The schema without the constraints that the wire refuses where it guarantees the shape. `changed`
// becomes true when it had any.
std::string guaranteed_schema(std::string_view schema, bool& changed);

}  // namespace parley::claude
