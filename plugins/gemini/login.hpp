// login.hpp: the secrets of accounts: API keys as they are, and keys of service accounts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/sdk/login.hpp"

namespace parley::gemini {

class Login {
public:
    explicit Login(const parley_host* host) : host_(host) {}

    // The settings of the provider whose accounts it serves.
    void configure(std::string_view json);

    void parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out);
    std::unique_ptr<sdk::Op> refresh_begin(const parley_account& account);
    parley_str redact(std::string_view secret, sdk::Arena& arena);

private:
    const parley_host* host_;
    std::string token_url_;
};

}  // namespace parley::gemini
