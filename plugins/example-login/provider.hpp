// provider.hpp: where requests go, and what a refusal means.
#pragma once

#include <span>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/base_url.hpp"
#include "settings.hpp"

namespace parley::example_login {

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
};

}  // namespace parley::example_login
