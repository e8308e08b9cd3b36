// media_in.hpp: pictures, files and sound in a client's message.
#pragma once

#include "parley/sdk/draft.hpp"

namespace parley::openai {

// A URL of any kind; data URLs are taken apart, the base64 in them stays where it is.
void read_media_url(parley_str url, parley_media& media, sdk::Arena& arena);

// {"file_data","file_id","file_url","filename"}
parley_part& read_file(sdk::JsonReader& r, sdk::RequestDraft& draft, std::string_view origin);

// A part of kind IMAGE at a URL.
parley_part& image_part(sdk::RequestDraft& draft,
                        parley_str url,
                        std::string_view origin,
                        uint32_t detail = 0);

// A part of kind DOCUMENT at a URL.
parley_part& document_part(sdk::RequestDraft& draft, parley_str url, std::string_view origin);

// {"data","format"}
parley_part& read_audio(sdk::JsonReader& r, sdk::RequestDraft& draft, std::string_view origin);

}  // namespace parley::openai
