// claims.hpp: what OpenAI's tokens say of their account.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::codex {

struct Claims {
    std::string account_id;  // of ChatGPT
    std::string user;
    std::string email;
    std::string plan;
    int64_t issued_at_ms = 0;
    int64_t expires_at_ms = 0;
};

// Of a JSON Web Token; empty for what is none. The signature is not looked at: tokens come straight
// from the server that made them, and what they say decides nothing here.
Claims claims_of(std::string_view token);

}  // namespace parley::codex
