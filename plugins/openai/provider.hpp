// provider.hpp: api.openai.com and every place that speaks like it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/provider.h"
#include "parley/sdk/base_url.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::openai {

class Provider {
public:
    explicit Provider(const parley_host*) {}

    void configure(std::string_view json);

    std::span<const parley_str> dialects() { return dialect_views_; }

    std::span<const parley_model_offer> models();
    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out);
    std::size_t windows(const parley_http_reply_head& head,
                        int64_t wall_ms,
                        std::span<parley_window> out) noexcept;

private:
    sdk::BaseUrl base_;  // "https://api.openai.com" and "/v1"
    std::string key_header_;
    bool official_ = false;  // the default address: its own models are known
    std::vector<std::string> dialects_;
    std::vector<parley_str> dialect_views_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

extern const std::string_view kProviderSchema;

}  // namespace parley::openai
