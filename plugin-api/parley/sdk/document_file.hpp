// parley/sdk/document_file.hpp: documents as files that people can read, for stores that keep them
// so.
//
// Each segment of a key is a folder, the last one a file. JSON lies in the file as it is, under
// `.json`; anything else is a `.doc`, whose first line tells its type, size and checksum. So a file
// that was cut or half written is told from a whole one: JSON by its grammar, others by that line.
//
//   account/claude/me@example.com    account/claude/me@example.com.json
//   state/.hidden                    state/%2Ehidden.json
//   a/b.json/c                       a/b%2Ejson/c.json
//
// A name of more than 200 bytes goes on in a folder whose name ends with `%+`.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sdk/json.hpp"
#include "parley/sdk/store.hpp"

namespace parley::sdk {

enum class FileForm { kJson, kEnvelope };

inline constexpr std::string_view kJsonType = "application/json";

constexpr std::string_view suffix_of(FileForm form) {
    return form == FileForm::kJson ? ".json" : ".doc";
}

namespace detail {

inline constexpr std::size_t kNamePieceMax = 200;
inline constexpr std::string_view kGoesOn = "%+";

inline bool has_document_suffix(std::string_view name) {
    return name.ends_with(suffix_of(FileForm::kJson)) ||
           name.ends_with(suffix_of(FileForm::kEnvelope));
}

// One segment as names that follow each other; only the last one lacks the mark.
inline std::vector<std::string> name_pieces(std::string_view segment, bool is_folder) {
    std::string escaped;
    for (const char c : segment) {
        if (c == '%') {
            escaped += "%25";
        } else {
            escaped += c;
        }
    }
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < escaped.size();) {
        std::size_t end = std::min(at + kNamePieceMax, escaped.size());
        // Neither inside of a character nor of an escape.
        const auto is_tail = [&](std::size_t i) {
            return (static_cast<unsigned char>(escaped[i]) & 0xc0) == 0x80;
        };
        while (end < escaped.size() && is_tail(end)) --end;
        if (end < escaped.size() && escaped[end - 1] == '%') end -= 1;
        if (end < escaped.size() && escaped[end - 2] == '%') end -= 2;
        std::string piece = escaped.substr(at, end - at);
        if (piece[0] == '.') piece.replace(0, 1, "%2E");
        at = end;
        if (at < escaped.size()) {
            piece += kGoesOn;
        } else if (is_folder && has_document_suffix(piece)) {
            piece.replace(piece.rfind('.'), 1, "%2E");
        }
        pieces.push_back(std::move(piece));
    }
    return pieces;
}

// Undoes the escapes; nothing where there is no such escape.
inline std::optional<std::string> unescaped_name(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '%') {
            out += name[i];
            continue;
        }
        unsigned byte = 0;
        if (name.size() - i < 3) return std::nullopt;
        const auto read = std::from_chars(name.data() + i + 1, name.data() + i + 3, byte, 16);
        if (read.ptr != name.data() + i + 3) return std::nullopt;
        out += static_cast<char>(byte);
        i += 2;
    }
    return out;
}

}  // namespace detail

// Where a document lies, relative to the store's folder.
inline std::string file_of(std::string_view key, FileForm form) {
    std::string path;
    for (std::size_t at = 0; at < key.size();) {
        const std::size_t end = std::min(key.find('/', at), key.size());
        const bool is_folder = end != key.size();
        for (const std::string& piece : detail::name_pieces(key.substr(at, end - at), is_folder)) {
            if (!path.empty()) path += '/';
            path += piece;
        }
        at = end + 1;
    }
    return path.append(suffix_of(form));
}

// What the names of folders say of the keys below them: "a/b/" for a/b, "a/lo" for a/lo%+; nothing
// when no document can be there.
inline std::optional<std::string> prefix_of_folder(std::string_view path) {
    std::string prefix;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        std::string_view name = path.substr(at, end - at);
        if (name.empty() || name[0] == '.') return std::nullopt;
        const bool goes_on = name.ends_with(detail::kGoesOn);
        if (goes_on) name.remove_suffix(detail::kGoesOn.size());
        const auto plain = detail::unescaped_name(name);
        if (!plain) return std::nullopt;
        prefix += *plain;
        if (!goes_on) prefix += '/';
        at = end + 1;
    }
    return prefix;
}

// The key of a document's file; nothing for a file that is none, as an editor's copy.
inline std::optional<std::string> key_of_file(std::string_view path) {
    const bool is_json = path.ends_with(suffix_of(FileForm::kJson));
    const FileForm form = is_json ? FileForm::kJson : FileForm::kEnvelope;
    if (!path.ends_with(suffix_of(form))) return std::nullopt;
    const std::string_view stem = path.substr(0, path.size() - suffix_of(form).size());
    const std::size_t slash = stem.rfind('/');
    const std::size_t name_at = slash == std::string_view::npos ? 0 : slash + 1;
    auto key = prefix_of_folder(stem.substr(0, name_at));
    const auto name = detail::unescaped_name(stem.substr(name_at));
    if (!key || !name) return std::nullopt;
    key->append(*name);
    if (!is_key(*key) || file_of(*key, form) != path) return std::nullopt;
    return key;
}

// Whether a value is an object or a list of JSON: of these a part is never a whole.
inline bool is_whole_json(std::string_view value) {
    JsonReader reader(value);
    const char first = reader.peek();
    return (first == '{' || first == '[') && reader.skip() && reader.at_end();
}

inline FileForm form_for(std::string_view value, std::string_view content_type) {
    const bool is_json = content_type == kJsonType || content_type.empty();
    return is_json && is_whole_json(value) ? FileForm::kJson : FileForm::kEnvelope;
}

namespace detail {

inline constexpr std::string_view kEnvelopeMark = "parley-document/1 ";

inline uint64_t checksum(std::string_view value) {
    return RevisionHash().add(value).add(value.size()).revision();
}

}  // namespace detail

// The bytes of a file. `content_type` holds no control character.
inline std::string file_text(std::string_view value, std::string_view content_type) {
    if (form_for(value, content_type) == FileForm::kJson) return std::string(value);
    if (content_type.empty()) content_type = kJsonType;
    std::string text(detail::kEnvelopeMark);
    text += std::to_string(detail::checksum(value)) + ' ' + std::to_string(value.size()) + ' ';
    text.append(content_type).append("\n").append(value);
    return text;
}

struct FileValue {
    std::string_view value;
    std::string_view content_type;
};

// What a file holds; nothing when it is not whole.
inline std::optional<FileValue> file_value(FileForm form, std::string_view text) {
    if (form == FileForm::kJson) {
        if (!is_whole_json(text)) return std::nullopt;
        return FileValue{text, kJsonType};
    }
    const std::size_t line_end = text.find('\n');
    if (!text.starts_with(detail::kEnvelopeMark) || line_end == text.npos) return std::nullopt;
    const char* at = text.data() + detail::kEnvelopeMark.size();
    const char* end = text.data() + line_end;
    uint64_t sum = 0;
    uint64_t size = 0;
    auto read = std::from_chars(at, end, sum);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ' ') return std::nullopt;
    read = std::from_chars(read.ptr + 1, end, size);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ' ') return std::nullopt;
    const std::string_view value = text.substr(line_end + 1);
    if (value.size() != size || detail::checksum(value) != sum) return std::nullopt;
    return FileValue{value, {read.ptr + 1, static_cast<std::size_t>(end - read.ptr - 1)}};
}

}  // namespace parley::sdk
