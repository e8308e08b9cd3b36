// login.hpp: the secrets of accounts: API keys as they are, and logins of claude.ai.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/sdk/oauth_ops.hpp"

namespace parley::claude {

class Login {
public:
    explicit Login(const parley_host* host) : host_(host) {}

    // The settings of the provider whose accounts it serves.
    void configure(std::string_view json);

    void parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out);
    std::unique_ptr<sdk::Op> login_begin(const parley_login_ask& ask);
    std::unique_ptr<sdk::Op> refresh_begin(const parley_account& account);
    parley_str redact(std::string_view secret, sdk::Arena& arena);

private:
    sdk::OAuthTerms terms() const;

    const parley_host* host_;
    std::string authorize_url_;
    std::string token_url_;
    std::string client_id_;
    std::string scope_;
    uint32_t callback_port_ = 0;
};

}  // namespace parley::claude
