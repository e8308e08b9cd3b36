// login.hpp: how an account gets its tokens, and gets them renewed.
#pragma once

#include <memory>
#include <string_view>

#include "parley/sdk/oauth_ops.hpp"
#include "settings.hpp"

namespace parley::example_login {

class Login {
public:
    explicit Login(const parley_host* host) : host_(host) {}

    void configure(std::string_view json) { settings_ = Settings::read(json); }

    // What a secret tells of its account.
    void parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out);
    std::unique_ptr<sdk::Op> login_begin(const parley_login_ask& ask);
    std::unique_ptr<sdk::Op> refresh_begin(const parley_account& account);
    parley_str redact(std::string_view secret, sdk::Arena& arena);

private:
    sdk::OAuthTerms terms() const;

    const parley_host* host_;
    Settings settings_;
};

}  // namespace parley::example_login
