// media.hpp: inlineData and fileData, read.
#pragma once

#include <string_view>

#include "parley/sdk/tree.hpp"

namespace parley::gemini {

parley_media& read_inline_data(std::string_view json, const sdk::Path& path, sdk::Arena& arena);
parley_media& read_file_data(std::string_view json, const sdk::Path& path, sdk::Arena& arena);
void read_video_metadata(std::string_view json, parley_media& media, sdk::Arena& arena);

// PARLEY_PART_* by the MIME type.
uint32_t part_kind(const parley_media& media);

// By the end of a path; empty when it tells nothing.
std::string_view mime_of_path(std::string_view url);

// By the first characters of base64; empty when they tell nothing.
std::string_view mime_of_base64(std::string_view base64);

}  // namespace parley::gemini
