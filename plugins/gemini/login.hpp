// login.hpp: the secrets of accounts: API keys as they are, keys of service accounts, and the
// tokens of people who logged in.
#pragma once

#include <memory>
#include <string_view>

#include "parley/sdk/login.hpp"
#include "sign_in.hpp"

namespace parley::gemini {

class Login {
public:
    static constexpr std::string_view kParamsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "project": {
      "type": "string", "default": "",
      "description": "the id of the Google Cloud project to be served in; empty: the account's own"
    }
  }
})json";

    explicit Login(const parley_host* host) : host_(host) {}

    // The settings of the provider whose accounts it serves.
    void configure(std::string_view json);

    void parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out);
    std::unique_ptr<sdk::Op> login_begin(const parley_login_ask& ask);
    std::unique_ptr<sdk::Op> refresh_begin(const parley_account& account);
    parley_str redact(std::string_view secret, sdk::Arena& arena);

private:
    void parse_login(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) const;

    const parley_host* host_;
    LoginSettings settings_;
};

}  // namespace parley::gemini
