// vertex_body.hpp: requests whose bodies have another form at Vertex AI than at the Gemini API.
#pragma once

#include <string>
#include <string_view>

namespace parley::gemini {

// Models of vectors that Vertex AI serves by :predict; those that came later speak as everywhere.
bool is_predicted(std::string_view model);

// The instances of an embedContent or batchEmbedContents request.
std::string to_instances(std::string_view body);

// A countTokens request whose turns stand in its generateContentRequest, with the members that
// Vertex AI counts; empty when it is none.
std::string unwrapped_count(std::string_view body);

}  // namespace parley::gemini
