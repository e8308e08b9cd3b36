// provider.hpp: Qwen by login, DashScope by key, and every place that speaks like them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/base_url.hpp"
#include "settings.hpp"

namespace parley::qwen {

class Provider {
public:
    explicit Provider(const parley_host*) {}

    void configure(std::string_view json);

    std::span<const parley_str> dialects();
    std::span<const parley_model_offer> models();
    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out);
    uint32_t wants(const parley_plan_ask& ask);
    void amend(const parley_plan_ask& ask,
               std::string_view body,
               sdk::Arena& arena,
               parley_amendment& out);
    void classify(const parley_account& account,
                  const parley_http_reply_head* head,
                  std::string_view body,
                  const parley_error& told,
                  sdk::Arena& arena,
                  parley_verdict& out);

private:
    Settings settings_;
    std::optional<sdk::BaseUrl> base_;  // where the settings say
};

}  // namespace parley::qwen
