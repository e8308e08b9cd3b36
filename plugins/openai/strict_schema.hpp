// strict_schema.hpp: may a schema be enforced to the letter?
#pragma once

#include <string_view>

#include "crossing_out.hpp"

namespace parley::openai {

// Every object lists all of its properties as required and allows no others.
bool is_strict_schema(std::string_view schema);

// What to say of strictness: PARLEY_SAYS_*, 0 for nothing. Strictness is asked for where the place
// knows it and the schema allows it, otherwise it is dropped with a warning.
uint32_t strict_for(Crossing& to, uint32_t asked, std::string_view schema);

}  // namespace parley::openai
