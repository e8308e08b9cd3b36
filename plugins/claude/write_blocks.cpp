// write_blocks.cpp: content blocks of a request.
#include <algorithm>
#include <array>

#include "encoder.hpp"
#include "json_text.hpp"
#include "parley/sdk/custom_tool.hpp"
#include "parley/sdk/extras.hpp"
#include "words.hpp"
#include "write_request.hpp"

namespace parley::claude {

using sdk::str;
using sdk::view;

namespace {

constexpr std::string_view kFilesBeta = "files-api-2025-04-14";

constexpr std::array<std::string_view, 4> kImageTypes{
    "image/jpeg", "image/png", "image/gif", "image/webp"};

[[noreturn]] void refuse(const parley_part& part, const std::string& what) {
    throw sdk::Failure(
        PARLEY_E_UNSUPPORTED, what, std::string(view(part.origin)), "unsupported_value");
}

// What stands in base64; empty when it is none.
std::string decoded(std::string_view base64) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    for (const char c : base64) {
        if (c == '=') break;
        const std::size_t digit = kDigits.find(c);
        if (digit == kDigits.npos) return {};
        bits = bits << 6 | static_cast<uint32_t>(digit);
        if (++count % 4 == 1) continue;
        const int shift = 6 - 2 * ((count - 1) % 4);
        out += static_cast<char>(bits >> shift & 0xff);
    }
    return out;
}

void check_url(const parley_part& part) {
    if (!view(part.media->data).starts_with("https://")) {
        refuse(part, "only https addresses can be fetched here");
    }
}

}  // namespace

void BlockWriter::write(const Piece& piece, uint32_t role) {
    if (piece.part == nullptr) {
        text(piece.text);
    } else {
        part(*piece.part, role);
    }
}

void BlockWriter::text(std::string_view text) {
    w_.begin_object().key("type").string("text").key("text").string(text).end_object();
}

void BlockWriter::part(const parley_part& p, uint32_t role) {
    switch (p.kind) {
        case PARLEY_PART_TEXT:
        case PARLEY_PART_REFUSAL:
            text_part(p, role);
            break;
        case PARLEY_PART_REASONING:
            reasoning(p);
            break;
        case PARLEY_PART_TOOL_CALL:
            call(p);
            break;
        case PARLEY_PART_TOOL_RESULT:
            result(p);
            break;
        case PARLEY_PART_IMAGE:
            image(p);
            break;
        case PARLEY_PART_DOCUMENT:
            document(p);
            break;
        case PARLEY_PART_SEARCH_RESULT:
            search_result(p);
            break;
        case PARLEY_PART_SERVER_ITEM:
            item(p);
            break;
        case PARLEY_PART_TOOL_REFERENCE:
            if (!c_.own) {
                text("tool " + std::string(view(p.text)) + " loaded");
                break;
            }
            w_.begin_object().key("type").string("tool_reference");
            w_.key("tool_name").string(view(p.text));
            close(p);
            break;
        default:
            break;
    }
}

void BlockWriter::close(const parley_part& p) {
    extras(p);
    if (p.cache != 0 && marks_.keeps(&p)) write_mark(w_, p.cache);
    w_.end_object();
}

void BlockWriter::extras(const parley_part& p) {
    sdk::write_extras(w_, p, kDialect);
}

// Citations only where the model wrote them: in a user's text they are refused.
void BlockWriter::text_part(const parley_part& p, uint32_t role) {
    w_.begin_object().key("type").string("text");
    w_.key("text").string(view(p.text));
    bool begun = false;
    for (uint64_t i = 0; i < p.citation_count && role == PARLEY_ROLE_ASSISTANT; ++i) {
        const parley_citation& citation = *p.citations[i];
        if (view(citation.dialect) != kDialect || citation.raw.len == 0) continue;
        if (Members(view(citation.raw)).text("encrypted_index").empty() &&
            Members(view(citation.raw)).has("encrypted_index")) {
            continue;  // made here for a client, see citation_json
        }
        if (!std::exchange(begun, true)) w_.key("citations").begin_array();
        w_.raw(view(citation.raw));
    }
    if (begun) w_.end_array();
    close(p);
}

void BlockWriter::reasoning(const parley_part& p) {
    const parley_reasoning& reasoning = *p.reasoning;
    if (p.seal->scheme == PARLEY_SEAL_REDACTED) {
        w_.begin_object().key("type").string("redacted_thinking");
        w_.key("data").string(view(p.seal->data));
    } else {
        std::string thinking;
        for (uint64_t i = 0; i < reasoning.section_count; ++i) {
            if (i != 0) thinking += "\n\n";
            thinking += view(reasoning.sections[i]->text);
        }
        w_.begin_object().key("type").string("thinking").key("thinking").string(thinking);
        w_.key("signature").string(view(p.seal->data));
    }
    extras(p);
    w_.end_object();
}

void BlockWriter::call(const parley_part& p) {
    const parley_tool_call& call = *p.tool_call;
    const std::string_view arguments = view(call.arguments);
    w_.begin_object().key("type").string("tool_use").key("id").string(tool_use_id(view(call.id)));
    w_.key("name").string(c_.names.wire(view(call.name_space), view(call.name))).key("input");
    if (call.kind == PARLEY_TOOL_CALL_CUSTOM) {
        w_.raw(sdk::custom_tool_arguments(arguments));
    } else {
        if (!is_json(arguments)) c_.warn(PARLEY_WARNING_FIELD_DROPPED, view(p.origin));
        w_.raw(input_object(arguments, true));
    }
    if (c_.own && call.caller.len != 0) w_.key("caller").raw(view(call.caller));
    close(p);
}

void BlockWriter::result(const parley_part& p) {
    const parley_tool_result& result = *p.tool_result;
    w_.begin_object().key("type").string("tool_result");
    w_.key("tool_use_id").string(tool_use_id(view(result.call_id)));
    const bool one_text = result.part_count == 1 && result.parts[0]->kind == PARLEY_PART_TEXT &&
                          !marks_.keeps(result.parts[0]) && result.parts[0]->extra_count == 0;
    if (one_text) {
        w_.key("content").string(view(result.parts[0]->text));
    } else if (result.part_count != 0) {
        w_.key("content");
        parts(result.parts, result.part_count);
    }
    const bool failed = result.is_error == PARLEY_SAYS_YES;
    if (failed || (c_.own && result.is_error != 0)) w_.key("is_error").boolean(failed);
    close(p);
}

void BlockWriter::parts(const parley_part* const* all, uint64_t count) {
    w_.begin_array();
    for (uint64_t i = 0; i < count; ++i) {
        const bool sound = all[i]->kind == PARLEY_PART_TEXT || all[i]->kind == PARLEY_PART_IMAGE ||
                           all[i]->kind == PARLEY_PART_DOCUMENT ||
                           all[i]->kind == PARLEY_PART_SEARCH_RESULT ||
                           all[i]->kind == PARLEY_PART_TOOL_REFERENCE;
        const bool empty = all[i]->kind == PARLEY_PART_TEXT && all[i]->text.len == 0;
        if (!sound) c_.refuse(view(all[i]->origin), "neither sound nor video is taken here");
        if (sound && !empty) part(*all[i], PARLEY_ROLE_USER);
    }
    w_.end_array();
}

void BlockWriter::source(const char* type, const char* member, parley_str value) {
    w_.key("source").begin_object().key("type").string(type);
    w_.key(member).string(view(value)).end_object();
}

void BlockWriter::base64(const parley_media& media) {
    w_.key("source").begin_object().key("type").string("base64");
    w_.key("media_type").string(view(media.mime));
    w_.key("data").string(view(media.data)).end_object();
}

void BlockWriter::image(const parley_part& p) {
    const parley_media& media = *p.media;
    w_.begin_object().key("type").string("image");
    switch (media.source) {
        case PARLEY_MEDIA_BASE64: {
            const std::string_view mime = view(media.mime);
            const bool known =
                std::find(kImageTypes.begin(), kImageTypes.end(), mime) != kImageTypes.end();
            if (!known && !c_.own) refuse(p, "images of this type are not taken here");
            base64(media);
            break;
        }
        case PARLEY_MEDIA_URL:
            if (!c_.own) check_url(p);
            source("url", "url", media.data);
            break;
        case PARLEY_MEDIA_FILE:
            if (view(media.file_owner) != kFamily) refuse(p, "this file is not known here");
            c_.betas.emplace(kFilesBeta);
            source("file", "file_id", media.data);
            break;
        default:
            refuse(p, "an image of this kind is not taken here");
    }
    close(p);
}

void BlockWriter::document(const parley_part& p) {
    const parley_media& media = *p.media;
    const std::string_view mime = view(media.mime);
    w_.begin_object().key("type").string("document");
    const auto text_source = [&](parley_str text) {
        w_.key("source").begin_object().key("type").string("text");
        w_.key("media_type").string("text/plain");
        w_.key("data").string(view(text)).end_object();
    };
    switch (media.source) {
        case PARLEY_MEDIA_BASE64:
            if (mime == "application/pdf" || c_.own) {
                base64(media);
            } else if (mime.starts_with("text/")) {
                text_source(c_.arena.copy(decoded(view(media.data))));
            } else {
                refuse(p, "documents of this type are not taken here");
            }
            break;
        case PARLEY_MEDIA_TEXT:
            text_source(media.data);
            break;
        case PARLEY_MEDIA_URL:
            if (!c_.own) check_url(p);
            source("url", "url", media.data);
            break;
        case PARLEY_MEDIA_FILE:
            if (view(media.file_owner) != kFamily) refuse(p, "this file is not known here");
            c_.betas.emplace(kFilesBeta);
            source("file", "file_id", media.data);
            break;
        case PARLEY_MEDIA_PARTS:
            w_.key("source").begin_object().key("type").string("content").key("content");
            parts(media.parts, media.part_count);
            w_.end_object();
            break;
        default:
            refuse(p, "a document of this kind is not taken here");
    }
    const parley_str title = media.title.len != 0 ? media.title : media.filename;
    if (title.len != 0) w_.key("title").string(view(title));
    if (media.context.len != 0) w_.key("context").string(view(media.context));
    // With a guaranteed shape there is no room for citations.
    const bool shaped =
        c_.request.format != nullptr && c_.request.format->kind == PARLEY_FORMAT_JSON_SCHEMA;
    if (media.citations != 0 && (c_.own || !shaped)) {
        w_.key("citations").begin_object().key("enabled");
        w_.boolean(media.citations == PARLEY_SAYS_YES).end_object();
    }
    close(p);
}

void BlockWriter::search_result(const parley_part& p) {
    const parley_search_result& result = *p.search_result;
    w_.begin_object().key("type").string("search_result");
    w_.key("source").string(view(result.source)).key("title").string(view(result.title));
    w_.key("content");
    parts(result.parts, result.part_count);
    if (result.citations != 0) {
        w_.key("citations").begin_object().key("enabled");
        w_.boolean(result.citations == PARLEY_SAYS_YES).end_object();
    }
    close(p);
}

void BlockWriter::item(const parley_part& p) {
    const parley_server_item& item = *p.server_item;
    if (view(item.dialect) == kDialect) {
        w_.raw(view(item.raw));
    } else {
        text(view(item.summary));
    }
}

}  // namespace parley::claude
