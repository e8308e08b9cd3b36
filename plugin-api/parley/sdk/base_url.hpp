// parley/sdk/base_url.hpp: providers whose requests go below one address: the address taken apart,
// and what a plan says of it.
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

inline BaseUrl account_url(std::string_view url) {
    return BaseUrl::of("base_url", url);
}

// Where a plan goes: to `path`, and the query of the ask, below the address that is the account's
// own, as `read` takes it apart, or else the usual one.
inline void set_place(const parley_plan_ask& ask,
                      const BaseUrl& usual,
                      std::string_view path,
                      Arena& arena,
                      parley_plan& out,
                      BaseUrl (*read)(std::string_view) = account_url) {
    const std::string_view own = view(ask.account->base_url);
    const BaseUrl moved = own.empty() ? BaseUrl() : read(own);
    const BaseUrl& base = own.empty() ? usual : moved;
    std::string target = base.path;
    target += path;
    if (ask.query.len != 0) target.append("?").append(view(ask.query));
    out.origin = arena.copy(base.origin);
    out.target = arena.copy(target);
}

// What proves an account, in the header of this name, which has to outlive the plan; authorization
// takes it as a bearer token.
inline parley_header proof_header(std::string_view name, std::string_view proof, Arena& arena) {
    const std::string_view scheme = name == "authorization" ? "Bearer " : "";
    const std::size_t size = scheme.size() + proof.size();
    char* value = arena.array<char>(size);
    std::copy(proof.begin(), proof.end(), std::copy(scheme.begin(), scheme.end(), value));
    return {str(name), str({value, size}), PARLEY_HEADER_SECRET};
}

// A request of openai-chat's kind, below a base URL that ends in its version: the account's own
// where it has one.
inline void plan_bearer(const parley_plan_ask& ask,
                        const BaseUrl& usual,
                        Headers headers,
                        std::string_view proof,
                        Arena& arena,
                        parley_plan& out) {
    std::string_view path = view(ask.path);
    if (path.starts_with("/v1/")) path.remove_prefix(3);
    set_place(ask, usual, path, arena, out);
    auto* fields = arena.array<parley_header>(headers.size() + 1);
    uint64_t count = 0;
    for (const auto& [name, value] : headers) fields[count++] = {str(name), str(value), 0};
    if (!proof.empty()) fields[count++] = proof_header("authorization", proof, arena);
    out.headers = fields;
    out.header_count = count;
}

}  // namespace parley::sdk
