// service_account.hpp: the key of a service account as Google hands it out, and what Parley makes
// of it: the same document with an access token in front.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/sdk/oauth.hpp"

namespace parley::gemini {

struct ServiceAccount {
    std::string email;
    std::string project;
    std::string key_id;
    std::string token_url;
    sdk::SecretText private_key;   // PEM
    sdk::SecretText access_token;  // empty before the first refresh
    int64_t expires_at_ms = 0;     // of the token, wall clock
};

// Throws Failure for what is no key of a service account.
ServiceAccount read_service_account(std::string_view secret);

// The document with another token, and with all that is not known here.
sdk::SecretText with_token(std::string_view secret, std::string_view token, int64_t expires_at_ms);

}  // namespace parley::gemini
