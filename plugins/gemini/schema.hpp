// schema.hpp: JSON Schema in the words that Google's models know. It only weakens: what was valid
// stays valid, and what cannot be said stands as a note in the description.
#pragma once

#include <string>
#include <string_view>

namespace parley::gemini {

struct Downgraded {
    std::string json;
    bool is_weakened = false;  // a constraint is a note now, or gone
    // The older form has no word for "anything" and none for a list of anything; it gets a string
    // there. This alone does more than weaken.
    bool is_narrowed = false;
    bool is_empty = false;  // an object without properties: as parameters, none at all
};

// For parametersJsonSchema and responseJsonSchema.
Downgraded downgrade_json_schema(std::string_view schema);

// For parameters and responseSchema, a subset of OpenAPI's.
Downgraded downgrade_openapi(std::string_view schema);

}  // namespace parley::gemini
