// provider.hpp: api.anthropic.com and every place that speaks like it, with API keys or logins.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/provider.h"
#include "parley/sdk/base_url.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::claude {

class Provider {
public:
    explicit Provider(const parley_host*) {}

    void configure(std::string_view json);

    std::span<const parley_str> dialects();

    std::span<const parley_model_offer> models();

    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out);

    void classify(const parley_account& account,
                  const parley_http_reply_head* head,
                  std::string_view body,
                  const parley_error& told,
                  sdk::Arena& arena,
                  parley_verdict& out);

    // windows.cpp
    std::size_t windows(const parley_http_reply_head& head,
                        int64_t wall_ms,
                        std::span<parley_window> out) noexcept;

private:
    // What proves the account, and what has to be said with it.
    uint64_t prove(const parley_plan_ask& ask, sdk::Arena& arena, parley_header* headers) const;

    sdk::BaseUrl base_;  // "https://api.anthropic.com", and what it may have behind it
    std::string key_header_;
    bool official_ = false;  // the default address: its own models are known
    std::vector<std::pair<std::string, std::string>> headers_;
};

extern const std::string_view kProviderSchema;

}  // namespace parley::claude
