// login.hpp: the secrets of accounts: API keys as they are, and logins of ChatGPT.
#pragma once

#include <memory>
#include <string_view>

#include "parley/sdk/oauth_ops.hpp"
#include "settings.hpp"

namespace parley::codex {

class Login {
public:
    static constexpr std::string_view kParamsSchema = R"json({
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "device": {
          "type": "boolean", "default": false,
          "description": "type a code on any device instead of coming back by a browser"
        }
      }
    })json";

    explicit Login(const parley_host* host) : host_(host) {}

    // The settings of the provider whose accounts it serves.
    void configure(std::string_view json) { settings_ = read_settings(json); }

    void parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out);
    std::unique_ptr<sdk::Op> login_begin(const parley_login_ask& ask);
    std::unique_ptr<sdk::Op> refresh_begin(const parley_account& account);
    parley_str redact(std::string_view secret, sdk::Arena& arena);

private:
    const parley_host* host_;
    Settings settings_;
};

}  // namespace parley::codex
