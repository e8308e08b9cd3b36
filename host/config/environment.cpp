#include "config/environment.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace parley::config {

namespace {

bool is_name(std::string_view text) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto is_rest = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), is_rest);
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

char escaped(char c) {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
    }
}

// Reads what stands in quotes; `text` begins with the quote. Only a comment may follow.
std::optional<std::string> parse_quoted(std::string_view text) {
    constexpr std::string_view kEscapes = "nrt\"\\$";
    const char quote = text.front();
    std::string out;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != quote; ++at) {
        const bool is_escape = quote == '"' && text[at] == '\\' && at + 1 < text.size() &&
                               kEscapes.find(text[at + 1]) != std::string_view::npos;
        if (is_escape) ++at;
        out += is_escape ? escaped(text[at]) : text[at];
    }
    if (at == text.size()) return {};
    const std::string_view rest = trim(text.substr(at + 1));
    if (!rest.empty() && rest.front() != '#') return {};
    return out;
}

std::string parse_bare(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_comment =
            text[at] == '#' && (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t');
        if (is_comment) return std::string(trim(text.substr(0, at)));
    }
    return std::string(text);
}

std::optional<std::pair<std::string, std::string>> parse_line(std::string_view line) {
    constexpr std::string_view kExport = "export";
    if (line.starts_with(kExport) && line.size() > kExport.size() &&
        (line[kExport.size()] == ' ' || line[kExport.size()] == '\t')) {
        line = trim(line.substr(kExport.size()));
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = trim(line.substr(0, equals));
    if (!is_name(name)) return {};
    const std::string_view value = trim(line.substr(equals + 1));
    const bool is_quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
    if (!is_quoted) return std::pair{std::string(name), parse_bare(value)};
    auto quoted = parse_quoted(value);
    if (!quoted) return {};
    return std::pair{std::string(name), std::move(*quoted)};
}

// The name in `$NAME` or `${NAME}`, "" when the text is of neither form.
std::string_view named_by(std::string_view value) {
    if (value.empty() || value.front() != '$') return {};
    std::string_view name = value.substr(1);
    if (name.size() > 2 && name.front() == '{' && name.back() == '}') {
        name = name.substr(1, name.size() - 2);
    }
    return is_name(name) ? name : std::string_view{};
}

}  // namespace

const std::string* Environment::find(const std::string& name) const {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : &found->second;
}

Environment process_environment() {
    Environment out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        out.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

DotEnv parse_dot_env(std::string_view text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    DotEnv out;
    for (std::uint32_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;
        auto variable = parse_line(line);
        if (variable) {
            out.variables.insert_or_assign(std::move(variable->first), std::move(variable->second));
        } else {
            out.bad_lines.push_back(number);
        }
    }
    return out;
}

Expanded expand(std::string_view value, const Environment& environment) {
    Expanded out;
    out.variable = named_by(value);
    if (out.variable.empty()) {
        const bool is_literal = value.starts_with("$$");
        out.text = is_literal ? value.substr(1) : value;
        out.is_broken = value.starts_with("$") && !is_literal;
        return out;
    }
    const std::string* found = environment.find(out.variable);
    out.is_missing = found == nullptr;
    if (found != nullptr) out.text = *found;
    return out;
}

std::optional<std::string> expand_home(std::string_view path, const Environment& environment) {
    for (const std::string_view front : {"~", "$HOME", "${HOME}"}) {
        if (!path.starts_with(front)) continue;
        const std::string_view rest = path.substr(front.size());
        if (!rest.empty() && rest.front() != '/') continue;
        const std::string* home = environment.find("HOME");
        if (home == nullptr || home->empty()) return {};
        return *home + std::string(rest);
    }
    return std::string(path);
}

}  // namespace parley::config
