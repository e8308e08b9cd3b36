#include "xml.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace parley::store_s3 {

namespace {

void append_utf8(unsigned c, std::string& out) {
    const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3f));
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
        put(0x80 | (c >> 6 & 0x3f));
    }
    put(0x80 | (c & 0x3f));
}

// What an entity stands for, without its & and ; .
void append_entity(std::string_view name, std::string& out) {
    constexpr std::array<std::pair<std::string_view, char>, 5> kNamed{
        {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
    for (const auto& [known, c] : kNamed) {
        if (name == known) out += c;
    }
    if (!name.starts_with('#')) return;
    name.remove_prefix(1);
    const bool is_hex = name.starts_with('x');
    if (is_hex) name.remove_prefix(1);
    unsigned c = 0;
    std::from_chars(name.data(), name.data() + name.size(), c, is_hex ? 16 : 10);
    append_utf8(c, out);
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
    const std::string open = '<' + std::string(name) + '>';
    const std::string close = "</" + std::string(name) + '>';
    std::vector<std::string_view> out;
    for (std::size_t at = xml.find(open); at != xml.npos; at = xml.find(open, at)) {
        at += open.size();
        const std::size_t end = xml.find(close, at);
        if (end == xml.npos) break;
        out.push_back(xml.substr(at, end - at));
        at = end + close.size();
    }
    return out;
}

std::string xml_text(std::string_view xml, std::string_view name) {
    const auto all = xml_elements(xml, name);
    std::string out;
    if (all.empty()) return out;
    const std::string_view text = all.front();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find(';', at);
        if (text[at] != '&' || end == text.npos) {
            out += text[at++];
            continue;
        }
        append_entity(text.substr(at + 1, end - at - 1), out);
        at = end + 1;
    }
    return out;
}

int64_t iso_date_ms(const std::string& text) {
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) return 0;
    const double fraction = *rest == '.' ? std::strtod(rest, nullptr) : 0;
    return int64_t{1000} * ::timegm(&parts) + static_cast<int64_t>(fraction * 1000);
}

}  // namespace parley::store_s3
