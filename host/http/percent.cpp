#include "http/percent.hpp"

#include <charconv>

namespace parley::http {

namespace {

// Calls use(name, whole) for each parameter.
template <class Use>
void each_parameter(std::string_view query, Use use) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view whole = query.substr(0, end);
        query = end == query.npos ? std::string_view() : query.substr(end + 1);
        use(whole.substr(0, whole.find('=')), whole);
    }
}

}  // namespace

std::string percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && text.size() - i > 2) {
            const char* from = text.data() + i + 1;
            const auto [end, fault] = std::from_chars(from, from + 2, value, 16);
            if (fault == std::errc() && end == from + 2) {
                out += static_cast<char>(value);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    constexpr std::string_view kMarks = "-._~";
    std::string out;
    out.reserve(3 * text.size());
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

std::string query_value(std::string_view query, std::string_view name) {
    std::string value;
    each_parameter(query, [&](std::string_view parameter, std::string_view whole) {
        if (parameter != name || !value.empty() || whole.size() <= name.size()) return;
        value = percent_decoded(whole.substr(name.size() + 1));
    });
    return value;
}

std::string without_keys(std::string_view query) {
    std::string kept;
    each_parameter(query, [&](std::string_view parameter, std::string_view whole) {
        if (parameter == "key" || parameter == "auth_token") return;
        if (!kept.empty()) kept += '&';
        kept += whole;
    });
    return kept;
}

}  // namespace parley::http
