#include "http/fields.hpp"

#include <algorithm>
#include <array>

namespace parley::http {

namespace {

// Of one connection only (RFC 9110, section 7.6.1), and framing, which each side writes itself.
bool is_of_connection(FieldId id) {
    switch (id) {
        case FieldId::connection:
        case FieldId::keep_alive:
        case FieldId::proxy_connection:
        case FieldId::proxy_authenticate:
        case FieldId::proxy_authorization:
        case FieldId::te:
        case FieldId::trailer:
        case FieldId::transfer_encoding:
        case FieldId::content_length:
        case FieldId::upgrade:
            return true;
        default:
            return false;
    }
}

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view n) {
        return equals_ignoring_case(n, name);
    });
}

template <std::size_t N>
bool starts_with_one_of(std::string_view name, const std::array<std::string_view, N>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) {
        return name.size() >= p.size() && equals_ignoring_case(name.substr(0, p.size()), p);
    });
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool passes_to_upstream(const Field& field) {
    if (is_of_connection(field.id)) return false;
    switch (field.id) {
        case FieldId::host:
        case FieldId::authorization:
        case FieldId::cookie:
        case FieldId::expect:
        case FieldId::accept_encoding:   // replies must be readable on their way
        case FieldId::content_encoding:  // undone here
        case FieldId::origin:
        case FieldId::referer:
        case FieldId::via:
        case FieldId::forwarded:
            return false;
        default:
            break;
    }
    static constexpr std::array<std::string_view, 4> kNames{
        "x-api-key", "x-goog-api-key", "api-key", "x-real-ip"};
    static constexpr std::array<std::string_view, 4> kPrefixes{
        "x-forwarded-", "sec-", "access-control-", "cf-"};
    if (field.id != FieldId::unknown) return true;
    return !is_one_of(field.name, kNames) && !starts_with_one_of(field.name, kPrefixes);
}

ConnectionOptions::ConnectionOptions(const Head& head) {
    constexpr std::array<std::string_view, 3> kUsual{"keep-alive", "close", "upgrade"};
    for (const Field& field : head.fields) {
        if (field.id != FieldId::connection) continue;
        std::string_view left = field.value;
        while (!left.empty()) {
            const std::size_t comma = std::min(left.find(','), left.size());
            const std::string_view option = trim(left.substr(0, comma));
            left.remove_prefix(std::min(comma + 1, left.size()));
            if (!option.empty() && !is_one_of(option, kUsual)) names_.push_back(option);
        }
    }
}

bool ConnectionOptions::name(std::string_view field) const {
    return std::any_of(names_.begin(), names_.end(), [&](std::string_view n) {
        return equals_ignoring_case(n, field);
    });
}

bool passes_to_client(const Field& field) {
    if (is_of_connection(field.id)) return false;
    switch (field.id) {
        case FieldId::date:  // ours
        case FieldId::server:
        case FieldId::set_cookie:
        case FieldId::set_cookie2:
        case FieldId::alt_svc:
        case FieldId::strict_transport_security:
        case FieldId::access_control_allow_origin:
        case FieldId::access_control_allow_credentials:
        case FieldId::access_control_allow_headers:
        case FieldId::access_control_allow_methods:
        case FieldId::access_control_expose_headers:
        case FieldId::access_control_max_age:
            return false;
        default:
            break;
    }
    static constexpr std::array<std::string_view, 2> kPrefixes{"cf-", "x-parley-"};
    return field.id != FieldId::unknown || !starts_with_one_of(field.name, kPrefixes);
}

}  // namespace parley::http
