// provider.hpp: where requests go, what proves them, and what a refusal means.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/base_url.hpp"

namespace parley::example_key {

// What the configuration may say.
constexpr std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "format": "uri", "default": "https://api.example.com/v1",
      "description": "where the API is, with its version"
    },
    "team": {
      "type": "string", "maxLength": 64, "default": "",
      "description": "who pays; sent as x-team"
    }
  }
})json";

class Provider {
public:
    explicit Provider(const parley_host*) {}

    void configure(std::string_view json);

    std::span<const parley_str> dialects();
    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out);
    void classify(const parley_account& account,
                  const parley_http_reply_head* head,
                  std::string_view body,
                  const parley_error& told,
                  sdk::Arena& arena,
                  parley_verdict& out);

private:
    sdk::BaseUrl base_;
    std::string team_;
};

}  // namespace parley::example_key
