#include "media_in.hpp"

#include "ask_in.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::read_text;
using sdk::str;
using sdk::view;

namespace {

// "%C3%A9" -> "é"
std::string percent_decoded(std::string_view text) {
    const auto digit = [](char c) {
        constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
        const std::size_t at = kDigits.find(c);
        return at == kDigits.npos ? -1 : static_cast<int>(at % 16);
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool coded = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
                           digit(text[i + 2]) >= 0;
        out += coded ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
        if (coded) i += 2;
    }
    return out;
}

std::string_view mime_of_name(std::string_view filename) {
    constexpr struct {
        std::string_view ending;
        std::string_view mime;
    } kTypes[] = {
        {".pdf", "application/pdf"},
        {".txt", "text/plain"},
        {".md", "text/markdown"},
        {".csv", "text/csv"},
        {".html", "text/html"},
        {".json", "application/json"},
    };

    for (const auto& type : kTypes) {
        if (filename.ends_with(type.ending)) return type.mime;
    }
    return "application/pdf";
}

}  // namespace

void read_media_url(parley_str url, parley_media& media, sdk::Arena& arena) {
    const std::string_view text = view(url);
    const std::size_t comma = text.find(',');
    if (!text.starts_with("data:") || comma == text.npos) {
        media.source = PARLEY_MEDIA_URL;
        media.data = url;
        return;
    }
    const std::string_view type = text.substr(5, comma - 5);
    const std::string_view data = text.substr(comma + 1);
    media.mime = str(type.substr(0, type.find(';')));
    if (type.ends_with(";base64")) {
        media.source = PARLEY_MEDIA_BASE64;
        media.data = str(data);
    } else {
        media.source = PARLEY_MEDIA_TEXT;
        media.data = arena.copy(percent_decoded(data));
    }
}

parley_part& image_part(sdk::RequestDraft& draft,
                        parley_str url,
                        std::string_view origin,
                        uint32_t detail) {
    parley_part& part = draft.part(PARLEY_PART_IMAGE, origin);
    auto& media = sdk::make<parley_media>(draft.arena());
    media.detail = detail;
    read_media_url(url, media, draft.arena());
    part.media = &media;
    return part;
}

parley_part& document_part(sdk::RequestDraft& draft, parley_str url, std::string_view origin) {
    parley_part& part = draft.part(PARLEY_PART_DOCUMENT, origin);
    auto& media = sdk::make<parley_media>(draft.arena());
    read_media_url(url, media, draft.arena());
    part.media = &media;
    return part;
}

parley_part& read_file(JsonReader& r, sdk::RequestDraft& draft, std::string_view origin) {
    sdk::Arena& arena = draft.arena();
    parley_part& part = draft.part(PARLEY_PART_DOCUMENT, origin);
    auto& media = sdk::make<parley_media>(arena);
    part.media = &media;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "filename") {
            media.filename = read_text(arena, r);
        } else if (key.raw == "file_data" && r.peek() == '"') {
            const parley_str data = read_text(arena, r);
            read_media_url(data, media, arena);
            if (media.source == PARLEY_MEDIA_URL) media.source = PARLEY_MEDIA_BASE64;
        } else if (key.raw == "file_url" && r.peek() == '"') {
            read_media_url(read_text(arena, r), media, arena);
        } else if (key.raw == "file_id" && r.peek() == '"') {
            media.source = PARLEY_MEDIA_FILE;
            media.file_owner = str("openai");
            media.data = read_text(arena, r);
        } else {
            r.skip();
        }
    }
    if (media.source == 0) {
        invalid_request(
            "a file needs file_data, file_url or file_id", std::string(origin), "invalid_value");
    }
    if (media.source == PARLEY_MEDIA_BASE64 && media.mime.len == 0) {
        media.mime = str(mime_of_name(view(media.filename)));
    }
    return part;
}

parley_part& read_audio(JsonReader& r, sdk::RequestDraft& draft, std::string_view origin) {
    sdk::Arena& arena = draft.arena();
    parley_part& part = draft.part(PARLEY_PART_AUDIO, origin);
    auto& media = sdk::make<parley_media>(arena);
    part.media = &media;
    media.source = PARLEY_MEDIA_BASE64;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        if (key.raw == "data") {
            media.data = read_text(arena, r);
        } else if (key.raw == "format") {
            const parley_str format = read_text(arena, r);
            media.mime = arena.copy("audio/" + std::string(view(format)));
        } else {
            r.skip();
        }
    }
    return part;
}

}  // namespace parley::openai
