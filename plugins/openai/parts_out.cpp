#include "parts_out.hpp"

#include "parley/sdk/extras.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::view;

namespace {

void add_line(std::string& out, std::string_view line) {
    if (line.empty()) return;
    if (!out.empty()) out += '\n';
    out += line;
}

bool texts_of(const parley_part* const* parts, uint64_t count, std::string& out) {
    bool all = true;
    for (uint64_t i = 0; i < count; ++i) {
        std::string text;
        all = text_form(*parts[i], text) && all;
        add_line(out, text);
    }
    return all;
}

bool document_text(const parley_media& media, std::string& out) {
    if (media.source != PARLEY_MEDIA_TEXT && media.source != PARLEY_MEDIA_PARTS) return false;
    add_line(out, view(media.title));
    add_line(out, view(media.context));
    if (media.source == PARLEY_MEDIA_PARTS) return texts_of(media.parts, media.part_count, out);
    add_line(out, view(media.data));
    return true;
}

[[noreturn]] void reject(const parley_part& part, const char* why) {
    Crossing::reject(view(part.origin), why);
}

// "data:image/png;base64,…"
void write_data_url(Body& body, const parley_media& media) {
    const std::string_view mime = view(media.mime);
    std::string head = "data:";
    (head += mime.empty() ? std::string_view("application/octet-stream") : mime) += ";base64,";
    body.string(head, view(media.data));
}

void write_url(Body& body, const parley_part& part) {
    const parley_media& media = *part.media;
    if (media.source == PARLEY_MEDIA_URL) {
        body.json.string(view(media.data));
    } else if (media.source == PARLEY_MEDIA_BASE64) {
        write_data_url(body, media);
    } else {
        reject(part, "the model's place does not have this file");
    }
}

void write_detail(Body& body, const parley_media& media, bool original_too) {
    if (media.detail == 0 || (media.detail == PARLEY_DETAIL_ORIGINAL && !original_too)) return;
    body.json.key("detail").string(word_of(media.detail, kDetails));
}

bool is_own_file(const parley_media& media) {
    return media.source == PARLEY_MEDIA_FILE && view(media.file_owner) == "openai";
}

std::string_view filename_of(const parley_media& media) {
    if (media.filename.len != 0) return view(media.filename);
    if (media.title.len != 0) return view(media.title);
    return view(media.mime) == "application/pdf" ? "document.pdf" : "document";
}

std::string_view audio_format(std::string_view mime) {
    if (mime == "audio/wav" || mime == "audio/x-wav" || mime == "audio/wave") return "wav";
    if (mime == "audio/mp3" || mime == "audio/mpeg") return "mp3";
    return {};
}

// "file_data", "file_id" and "filename" of a document.
void write_file(Body& body, const parley_part& part) {
    const parley_media& media = *part.media;
    if (is_own_file(media)) {
        body.json.key("file_id").string(view(media.data));
    } else if (media.source == PARLEY_MEDIA_BASE64) {
        body.json.key("filename").string(filename_of(media)).key("file_data");
        write_data_url(body, media);
    } else {
        reject(part, "the model's place does not have this file");
    }
}

}  // namespace

bool text_form(const parley_part& part, std::string& out) {
    switch (part.kind) {
        case PARLEY_PART_TEXT:
        case PARLEY_PART_REFUSAL:
            out += view(part.text);
            return true;
        case PARLEY_PART_TOOL_REFERENCE:
            ((out += "tool ") += view(part.text)) += " loaded";
            return true;
        case PARLEY_PART_SEARCH_RESULT:
            add_line(out, view(part.search_result->title));
            add_line(out, view(part.search_result->source));
            return texts_of(part.search_result->parts, part.search_result->part_count, out);
        case PARLEY_PART_DOCUMENT:
            return document_text(*part.media, out);
        default:
            return false;
    }
}

std::optional<std::string_view> text_of(const parley_part& part, std::string& room) {
    if (part.kind == PARLEY_PART_TEXT || part.kind == PARLEY_PART_REFUSAL) return view(part.text);
    if (!text_form(part, room)) return std::nullopt;
    return room;
}

std::string result_text(const parley_tool_result& result) {
    std::string text;
    texts_of(result.parts, result.part_count, text);
    return text;
}

void mark_error(const parley_tool_result& result, std::string& text) {
    constexpr std::string_view kMark = "Error: ";
    if (result.is_error == PARLEY_SAYS_YES && !text.starts_with("Error")) text.insert(0, kMark);
}

void write_chat_media(Body& body, const parley_part& part) {
    const parley_media& media = *part.media;
    sdk::JsonWriter& w = body.json;
    if (part.kind == PARLEY_PART_IMAGE) {
        w.begin_object().key("type").string("image_url");
        w.key("image_url").begin_object().key("url");
        write_url(body, part);
        write_detail(body, media, false);
        w.end_object();
        sdk::write_extras(w, part, "openai-chat");
        w.end_object();
    } else if (part.kind == PARLEY_PART_DOCUMENT) {
        if (media.source == PARLEY_MEDIA_URL) reject(part, "files at a URL are not fetched");
        w.begin_object().key("type").string("file").key("file").begin_object();
        write_file(body, part);
        w.end_object();
        sdk::write_extras(w, part, "openai-chat");
        w.end_object();
    } else if (part.kind == PARLEY_PART_AUDIO) {
        const std::string_view format = audio_format(view(media.mime));
        if (format.empty() || media.source != PARLEY_MEDIA_BASE64) {
            reject(part, "sound goes as wav or mp3, in base64");
        }
        w.begin_object().key("type").string("input_audio").key("input_audio").begin_object();
        w.key("data").string(view(media.data));
        w.key("format").string(format).end_object();
        sdk::write_extras(w, part, "openai-chat");
        w.end_object();
    } else {
        reject(part, "the model's place takes no video");
    }
}

void write_responses_media(Body& body, const parley_part& part) {
    const parley_media& media = *part.media;
    sdk::JsonWriter& w = body.json;
    if (part.kind == PARLEY_PART_IMAGE) {
        w.begin_object().key("type").string("input_image");
        if (is_own_file(media)) {
            w.key("file_id").string(view(media.data));
        } else {
            w.key("image_url");
            write_url(body, part);
        }
        write_detail(body, media, true);
        sdk::write_extras(w, part, "openai-responses");
        w.end_object();
    } else if (part.kind == PARLEY_PART_DOCUMENT) {
        w.begin_object().key("type").string("input_file");
        if (media.source == PARLEY_MEDIA_URL) {
            w.key("file_url").string(view(media.data));
        } else {
            write_file(body, part);
        }
        sdk::write_extras(w, part, "openai-responses");
        w.end_object();
    } else {
        reject(part, "the model's place takes neither sound nor video");
    }
}

}  // namespace parley::openai
