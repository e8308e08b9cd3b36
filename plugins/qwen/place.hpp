// place.hpp: where requests of an account go: the token server says so with each grant.
#pragma once

#include <string_view>

#include "parley/sdk/base_url.hpp"

namespace parley::qwen {

inline constexpr std::string_view kResourceUrl = "resource_url";

// "portal.qwen.ai", or an address with a path. Throws Failure for what tokens must not be sent to.
inline sdk::BaseUrl place_of_login(std::string_view resource_url) {
    std::string url(resource_url.empty() ? std::string_view("portal.qwen.ai") : resource_url);
    if (url.find("://") == url.npos) url.insert(0, "https://");
    while (url.ends_with('/')) url.pop_back();
    if (!url.ends_with("/v1")) url += "/v1";
    sdk::BaseUrl place = sdk::BaseUrl::of(kResourceUrl, url);
    if (!place.is_safe()) {
        throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT,
                           "resource_url: \"" + url + "\" is not an https address");
    }
    return place;
}

}  // namespace parley::qwen
