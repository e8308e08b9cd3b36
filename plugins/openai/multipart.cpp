#include "multipart.hpp"

#include <algorithm>

#include "parley/sdk/plugin.hpp"

namespace parley::openai {

namespace {

[[noreturn]] void malformed(const char* what) {
    throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT, std::string("multipart body: ") + what);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case) {
    if (text.size() < lower_case.size()) return false;
    for (std::size_t i = 0; i < lower_case.size(); ++i) {
        if (lower(text[i]) != lower_case[i]) return false;
    }
    return true;
}

// Where the quoted text that starts at `at` ends: at its closing quote.
std::size_t quoted_end(std::string_view header, std::size_t at) {
    while ((at = header.find_first_of("\"\\", at)) != header.npos && header[at] == '\\') at += 2;
    return at;
}

// The value of a parameter of a header, quotes taken off. Quoted text may hold anything.
std::string_view parameter(std::string_view header, std::string_view name) {
    std::size_t at = header.find(';');
    while (at < header.size()) {
        const std::size_t key = header.find_first_not_of(" \t", at + 1);
        const std::size_t mark = header.find_first_of("=;", at + 1);
        if (mark == header.npos) break;
        if (header[mark] == ';') {
            at = mark;
            continue;
        }
        const std::size_t value = header.find_first_not_of(" \t", mark + 1);
        if (value == header.npos) break;
        const bool quoted = header[value] == '"';
        const std::size_t from = quoted ? value + 1 : value;
        const std::size_t to =
            quoted ? quoted_end(header, from) : header.find_first_of("; \t", from);
        const std::size_t key_size = header.find_first_of("= \t", key) - key;
        if (key_size == name.size() && starts_with_ignoring_case(header.substr(key), name)) {
            return header.substr(from, to - from);
        }
        at = header.find(';', std::min(to, header.size()));
    }
    return {};
}

std::string_view field_name(std::string_view headers) {
    while (!headers.empty()) {
        const std::size_t end = headers.find("\r\n");
        const std::string_view line = headers.substr(0, end);
        headers = end == headers.npos ? std::string_view() : headers.substr(end + 2);
        if (starts_with_ignoring_case(line, "content-disposition:")) return parameter(line, "name");
    }
    return {};
}

std::string delimiter(std::string_view content_type) {
    const std::string_view boundary = parameter(content_type, "boundary");
    if (boundary.empty() || boundary.size() > 70) malformed("content-type has no good boundary");
    return "\r\n--" + std::string(boundary);
}

}  // namespace

bool is_multipart(std::string_view content_type) {
    return starts_with_ignoring_case(content_type, "multipart/form-data");
}

FormReader::FormReader(std::string_view content_type, std::string_view body)
    : body_(body),
      delimiter_(delimiter(content_type)),
      search_(delimiter_.data(), delimiter_.data() + delimiter_.size()) {
    // The first delimiter may stand at the very start, without its line end.
    const std::string_view first = std::string_view(delimiter_).substr(2);
    if (!body.starts_with(first) || !ends_delimiter(first.size())) pass_delimiter(0);
}

bool FormReader::ends_delimiter(std::size_t end) {
    if (body_.substr(end).starts_with("--")) {
        last_ = true;
        at_ = end + 2;
        return true;
    }
    end = std::min(body_.find_first_not_of(" \t", end), body_.size());
    if (!body_.substr(end).starts_with("\r\n")) return false;
    at_ = end + 2;
    return true;
}

std::size_t FormReader::pass_delimiter(std::size_t from) {
    const char* end = body_.data() + body_.size();
    for (;;) {
        const char* found = search_(body_.data() + from, end).first;
        if (found == end) malformed("a boundary was expected");
        const auto at = static_cast<std::size_t>(found - body_.data());
        if (ends_delimiter(at + delimiter_.size())) return at;
        from = at + delimiter_.size();
    }
}

bool FormReader::next(FormField& field) {
    if (last_) return false;
    const std::size_t from = at_;
    const std::string_view part = body_.substr(from, pass_delimiter(from) - from);
    std::size_t headers_end = 0;
    std::size_t value = 2;
    if (!part.starts_with("\r\n")) {
        headers_end = part.find("\r\n\r\n");
        if (headers_end == part.npos) malformed("a part without headers");
        value = headers_end + 4;
    }
    field.name = field_name(part.substr(0, headers_end));
    field.value = {from + value, part.size() - value};
    return true;
}

}  // namespace parley::openai
