// parley/sdk/base_url.hpp: providers whose requests go below one address and are proven by a bearer
// token: the address taken apart, and the plan.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// Headers of a provider's settings.
using Headers = std::span<const std::pair<std::string, std::string>>;

struct BaseUrl {
    std::string origin;  // "https://api.example.com"
    std::string path;    // "/v1", or empty

    // Throws Failure, which begins with the setting's name, for what is no such address.
    static BaseUrl of(std::string_view name, std::string_view url) {
        while (url.ends_with('/')) url.remove_suffix(1);
        const std::size_t host = url.find("://");
        const bool is_http = url.starts_with("http://") || url.starts_with("https://");
        const std::size_t path = host == url.npos ? url.npos : url.find('/', host + 3);
        const std::string_view origin = url.substr(0, path);
        const bool fits =
            is_http && origin.size() > host + 3 && url.find_first_of("@?# \"\\") == url.npos;
        if (!fits) {
            throw Failure(PARLEY_E_CONFIG,
                          std::string(name) + ": \"" + std::string(url) +
                              "\" is not like https://host[:port]/path");
        }
        return {std::string(origin), std::string(path == url.npos ? "" : url.substr(path))};
    }

    // Nobody reads along on the way there.
    bool is_safe() const {
        constexpr std::string_view kHttp = "http://";
        if (!origin.starts_with(kHttp)) return true;
        const std::string_view host = std::string_view(origin).substr(kHttp.size());
        const auto is = [&](std::string_view name) {
            return host == name || (host.starts_with(name) && host[name.size()] == ':');
        };
        return is("127.0.0.1") || is("localhost") || is("[::1]");
    }
};

// A request of openai-chat's kind, below a base URL that ends in its version: the account's own
// where it has one.
inline void plan_bearer(const parley_plan_ask& ask,
                        const BaseUrl& usual,
                        Headers headers,
                        std::string_view proof,
                        Arena& arena,
                        parley_plan& out) {
    const std::string_view own = view(ask.account->base_url);
    const BaseUrl base = own.empty() ? usual : BaseUrl::of("base_url", own);
    std::string_view path = view(ask.path);
    if (path.starts_with("/v1/")) path.remove_prefix(3);
    std::string target = base.path;
    target += path;
    if (ask.query.len != 0) target.append("?").append(view(ask.query));
    out.origin = arena.copy(base.origin);
    out.target = arena.copy(target);
    auto* fields = arena.array<parley_header>(headers.size() + 1);
    uint64_t count = 0;
    for (const auto& [name, value] : headers) fields[count++] = {str(name), str(value), 0};
    if (!proof.empty()) {
        constexpr std::string_view kScheme = "Bearer ";
        char* value = arena.array<char>(kScheme.size() + proof.size());
        std::copy(proof.begin(), proof.end(), std::copy(kScheme.begin(), kScheme.end(), value));
        fields[count++] = {str("authorization"),
                           str({value, kScheme.size() + proof.size()}),
                           PARLEY_HEADER_SECRET};
    }
    out.headers = fields;
    out.header_count = count;
}

}  // namespace parley::sdk
