// granted.hpp: what the login server grants, and whose it is.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/oauth_ops.hpp"
#include "settings.hpp"

namespace parley::codex {

// Whose tokens a document holds: as it says, or else as its tokens do.
struct Identity {
    std::string account_id;  // of ChatGPT; a team's has many users
    std::string user;
    std::string email;
    std::string plan;
};

Identity identity_in(std::string_view document);

// The document that says whose it is. Throws Failure when no account of ChatGPT is in its tokens.
sdk::SecretText named(std::string_view document);

// How the token server of the settings is asked.
sdk::OAuthTerms terms_of(const Settings& settings);

}  // namespace parley::codex
