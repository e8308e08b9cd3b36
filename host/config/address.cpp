#include "config/address.hpp"

#include <algorithm>
#include <charconv>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

namespace parley::config {

namespace {

constexpr std::size_t kHostMax = 253;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What ends in a number is an address or nothing: "127.0.0" is no name.
bool is_host(std::string_view host) {
    if (host.empty() || host.size() > kHostMax) return false;
    const std::string_view last = host.substr(host.rfind('.') + 1);
    if (std::all_of(last.begin(), last.end(), is_digit)) {
        return boost::urls::parse_ipv4_address(host).has_value();
    }
    if (host.front() == '-' || host.front() == '.') return false;
    return std::all_of(host.begin(), host.end(), [](char c) {
        return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_';
    });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || rest != end) return {};
    return port;
}

std::optional<Address> with_port(std::string_view host, std::string_view port) {
    const auto number = parse_port(port);
    if (!number) return {};
    return Address{std::string(host), *number};
}

}  // namespace

std::string Address::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Address> parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return with_port("127.0.0.1", text);
    const std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        const std::string_view v6 = host.substr(1, host.size() - 2);
        if (!boost::urls::parse_ipv6_address(v6)) return {};
        return with_port(v6, port);
    }
    if (!is_host(host)) return {};
    return with_port(host, port);
}

}  // namespace parley::config
