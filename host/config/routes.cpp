#include "config/routes.hpp"

#include <algorithm>
#include <array>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/error.hpp"
#include "config/near.hpp"

namespace parley::config {

namespace {

constexpr std::array kNextStepClasses{PARLEY_E_CONTEXT_TOO_LONG,
                                      PARLEY_E_CONTENT_BLOCKED,
                                      PARLEY_E_UNSUPPORTED,
                                      PARLEY_E_TOO_LARGE,
                                      PARLEY_E_NOT_FOUND};

// Of a header's name, and of a prefix.
bool is_token(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

// What frames a request is not for a file to say.
bool is_of_connection(std::string_view name) {
    constexpr std::array<std::string_view, 7> kOwn{"host",
                                                   "content-length",
                                                   "transfer-encoding",
                                                   "connection",
                                                   "expect",
                                                   "upgrade",
                                                   "trailer"};
    const auto same = [name](std::string_view own) {
        return std::equal(name.begin(), name.end(), own.begin(), own.end(), [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
        });
    };
    return std::any_of(kOwn.begin(), kOwn.end(), same);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool is_base_url(std::string_view text) {
    const auto url = boost::urls::parse_uri(text);
    return url && (url->scheme() == "http" || url->scheme() == "https") && !url->host().empty() &&
           !url->has_userinfo() && !url->has_query() && !url->has_fragment();
}

bool is_field_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7F;
    });
}

}  // namespace

std::pair<std::string, std::string> header_of(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view name = trimmed(text.substr(0, colon));
    const std::string_view value = trimmed(text.substr(colon + 1));
    if (!is_token(name) || !is_field_value(value) || is_of_connection(name)) return {};
    return {std::string(name), std::string(value)};
}

int class_of_next_step(std::string_view name) {
    for (const int error_class : kNextStepClasses) {
        if (base::name_of(error_class) == name) return error_class;
    }
    return 0;
}

KeyFaults faults_of(const Account& account) {
    KeyFaults faults;
    if (!account.base_url.empty() && !is_base_url(account.base_url)) {
        faults.emplace_back(
            "base_url",
            "expected an address like https://host[:port]/path, got " + quote(account.base_url));
    }
    for (const std::string& header : account.headers) {
        if (!header_of(header).first.empty()) continue;
        // The value may be a secret.
        faults.emplace_back("headers", "expected strings such as \"x-team: blue\"");
        break;
    }
    if (!account.prefix.empty() && !is_token(account.prefix)) {
        faults.emplace_back("prefix",
                            "expected a name without slashes and spaces, such as \"team-a\", got " +
                                quote(account.prefix));
    }
    if (account.prefix.empty() && account.prefix_required) {
        faults.emplace_back("prefix_required", "given without prefix; give both or neither");
    }
    return faults;
}

KeyFaults faults_of(const Route& route) {
    KeyFaults faults;
    if (route.strict && route.lenient) {
        faults.emplace_back("lenient", "given together with strict; give one of them");
    }
    Words names;
    for (const int error_class : kNextStepClasses) names.emplace_back(base::name_of(error_class));
    for (const std::string& name : route.next_step_on) {
        if (class_of_next_step(name) != 0) continue;
        faults.emplace_back(
            "next_step_on",
            "no error " + quote(name) + " leads to the next step" + cure_for(name, names));
    }
    return faults;
}

}  // namespace parley::config
