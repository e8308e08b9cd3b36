#include "media.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base64.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::make;
using sdk::Path;
using sdk::str;
using sdk::view;

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array kByPath{
    Pair{".png", "image/png"},
    Pair{".jpg", "image/jpeg"},
    Pair{".jpeg", "image/jpeg"},
    Pair{".webp", "image/webp"},
    Pair{".gif", "image/gif"},
    Pair{".heic", "image/heic"},
    Pair{".heif", "image/heif"},
    Pair{".pdf", "application/pdf"},
    Pair{".txt", "text/plain"},
    Pair{".md", "text/markdown"},
    Pair{".html", "text/html"},
    Pair{".csv", "text/csv"},
    Pair{".wav", "audio/wav"},
    Pair{".mp3", "audio/mp3"},
    Pair{".mp4", "video/mp4"},
    Pair{".mov", "video/mov"},
    Pair{".webm", "video/webm"},
};

constexpr std::array kByBase64{
    Pair{"/9j/", "image/jpeg"},
    Pair{"iVBORw0KGgo", "image/png"},
    Pair{"R0lGOD", "image/gif"},
    Pair{"JVBERi", "application/pdf"},
};

bool is_video_site(std::string_view url) {
    return url.find("://youtu.be/") != url.npos || url.find("youtube.com/") != url.npos;
}

// Files that Google keeps, as opposed to addresses that anybody could fetch.
bool is_stored_file(std::string_view uri) {
    const bool is_address = uri.starts_with("https://") || uri.starts_with("http://");
    return !is_address || uri.find("googleapis.com/") != uri.npos;
}

}  // namespace

std::string_view mime_of_path(std::string_view url) {
    if (is_video_site(url)) return "video/mp4";
    url = url.substr(0, url.find_first_of("?#"));
    std::string lower(url.substr(url.size() - std::min<std::size_t>(url.size(), 5)));
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    for (const auto& [end, mime] : kByPath) {
        if (lower.ends_with(end)) return mime;
    }
    return {};
}

std::string_view mime_of_base64(std::string_view base64) {
    for (const auto& [start, mime] : kByBase64) {
        if (base64.starts_with(start)) return mime;
    }
    return {};
}

uint32_t part_kind(const parley_media& media) {
    const std::string_view mime = view(media.mime);
    if (mime.starts_with("image/")) return PARLEY_PART_IMAGE;
    if (mime.starts_with("audio/")) return PARLEY_PART_AUDIO;
    if (mime.starts_with("video/")) return PARLEY_PART_VIDEO;
    return PARLEY_PART_DOCUMENT;
}

parley_media& read_inline_data(std::string_view json, const Path& path, sdk::Arena& arena) {
    auto& media = make<parley_media>(arena);
    media.source = PARLEY_MEDIA_BASE64;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "mimeType")) {
            media.mime = sdk::read_text(arena, value);
        } else if (key.raw == "data") {
            media.data = sdk::read_text(arena, value);
        } else if (is(key, "displayName")) {
            media.filename = sdk::read_text(arena, value);
        } else {
            value.skip();
        }
    });
    const std::string_view data = view(media.data);
    if (data.empty()) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT,
                      path.text() + ": inlineData without data",
                      (path / "inlineData.data").text());
    }
    const bool is_standard = data.find_first_of("-_") == data.npos && data.size() % 4 == 0;
    if (!is_standard) media.data = arena.copy(standard_base64(data));
    if (media.mime.len == 0) media.mime = str(mime_of_base64(data));
    return media;
}

parley_media& read_file_data(std::string_view json, const Path& path, sdk::Arena& arena) {
    auto& media = make<parley_media>(arena);
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "mimeType")) {
            media.mime = sdk::read_text(arena, value);
        } else if (is(key, "fileUri")) {
            media.data = sdk::read_text(arena, value);
        } else if (is(key, "displayName")) {
            media.filename = sdk::read_text(arena, value);
        } else {
            value.skip();
        }
    });
    const std::string_view uri = view(media.data);
    if (uri.empty()) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT,
                      path.text() + ": fileData without fileUri",
                      (path / "fileData.fileUri").text());
    }
    media.source = is_stored_file(uri) ? PARLEY_MEDIA_FILE : PARLEY_MEDIA_URL;
    if (media.source == PARLEY_MEDIA_FILE) media.file_owner = str(kFamily);
    if (media.mime.len == 0) media.mime = str(mime_of_path(uri));
    return media;
}

void read_video_metadata(std::string_view json, parley_media& media, sdk::Arena& arena) {
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "startOffset")) {
            media.start = sdk::read_text(arena, value);
        } else if (is(key, "endOffset")) {
            media.end = sdk::read_text(arena, value);
        } else if (key.raw == "fps") {
            media.fps = sdk::read_number(value);
        } else {
            value.skip();
        }
    });
}

}  // namespace parley::gemini
