// token.hpp: from the key of a service account to an access token (RFC 7523): a signed assertion
// goes to the token server, which answers with a token for an hour or so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/host.h"
#include "parley/sdk/oauth.hpp"
#include "service_account.hpp"

namespace parley::gemini {

class TokenRefresh final : public sdk::Steps<TokenRefresh> {
public:
    // `token_url` replaces the one that the key names, unless it is empty.
    TokenRefresh(const parley_host* host, std::string_view secret, const std::string& token_url);

private:
    void start() override;
    void ask(const parley_resume& now);
    void read(const parley_resume& reply);

    void send();
    void accept(std::string_view body);
    [[noreturn]] void refuse(const parley_resume& reply) const;
    bool learns_the_time(const parley_resume& reply);

    const parley_host* host_;
    sdk::SecretText secret_;
    ServiceAccount account_;
    sdk::SecretText assertion_;
    int64_t asked_at_ms_ = 0;  // by our own clock, which the token's end is counted by
    int64_t skew_ms_ = 0;      // what the server's clock is ahead of ours
};

// The assertion for an account at a time, signed. Throws Failure when the key cannot sign.
sdk::SecretText make_assertion(const parley_host* host,
                               const ServiceAccount& account,
                               int64_t at_s);

// Milliseconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT"; 0 for anything else.
int64_t read_date(std::string_view text);

}  // namespace parley::gemini
