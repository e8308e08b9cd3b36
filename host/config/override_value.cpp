#include "config/override_value.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace parley::config {

namespace {

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

std::string trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

toml::array array_of(const std::string& text) {
    toml::array array;
    if (trim(text).empty()) return array;
    for (const std::string& part : split(text, ",")) array.push_back(trim(part));
    return array;
}

bool is_text(const toml::node& value) {
    const auto* number = value.as_floating_point();
    return value.is_date() || value.is_time() || value.is_date_time() ||
           (number != nullptr && !std::isfinite(number->get()));
}

}  // namespace

std::string variable_form(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (is_alnum(c)) {
            out += upper(c);
        } else if (!out.empty() && out.back() != '_') {
            out += '_';
        }
    }
    if (!out.empty() && out.back() == '_') out.pop_back();
    return out;
}

std::string name_of(std::string_view form, char between) {
    std::string out;
    for (const char c : form) {
        out += c == '_' ? between : c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return out;
}

Words split(std::string_view text, std::string_view between) {
    Words parts;
    while (true) {
        const std::size_t end = text.find(between);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + between.size());
    }
}

void put(toml::table& into, const Key& key, const std::string& text) {
    std::int64_t integer = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, integer);
    const bool is_integer = error == std::errc{} && rest == end;
    switch (key.form) {
        case Form::kFlag:
            if (text == "true" || text == "1") {
                into.insert_or_assign(key.name, true);
            } else if (text == "false" || text == "0") {
                into.insert_or_assign(key.name, false);
            } else {
                into.insert_or_assign(key.name, text);
            }
            return;
        case Form::kNumber:
        case Form::kBytes:
        case Form::kDuration:
            if (!is_integer) break;
            into.insert_or_assign(key.name, integer);
            return;
        case Form::kTexts:
        case Form::kPaths:
        case Form::kOrigins:
        case Form::kAddresses:
            into.insert_or_assign(key.name, array_of(text));
            return;
        default:
            break;
    }
    into.insert_or_assign(key.name, text);
}

void put_setting(toml::table& into, std::string_view name, const std::string& text) {
    toml::table parsed;
    try {
        parsed = toml::parse("v = " + text);
    } catch (const toml::parse_error&) {
        parsed.clear();
    }
    const toml::node* value = parsed.size() == 1 ? parsed.get("v") : nullptr;
    if (value == nullptr || is_text(*value)) {
        into.insert_or_assign(name, text);
    } else {
        into.insert_or_assign(name, *value);
    }
}

}  // namespace parley::config
