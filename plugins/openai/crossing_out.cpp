#include "crossing_out.hpp"

namespace parley::openai {

void Crossing::finish(std::string_view path, parley_encoded_request& head) {
    head.path = arena_.copy(path);
    head.content_type = sdk::str("application/json");
    head.warnings = sdk::keep(arena_, warnings_.all());
    head.warning_count = warnings_.all().size();
}

}  // namespace parley::openai
