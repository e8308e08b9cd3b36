// provider.hpp: ChatGPT's backend for accounts that were logged in, OpenAI's API for keys.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"
#include "settings.hpp"

namespace parley::codex {

class Provider {
public:
    explicit Provider(const parley_host*) {}

    void configure(std::string_view json) { settings_ = read_settings(json); }

    std::span<const parley_str> dialects();
    std::span<const parley_model_offer> models();
    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out);
    void classify(const parley_account& account,
                  const parley_http_reply_head* head,
                  std::string_view body,
                  const parley_error& told,
                  sdk::Arena& arena,
                  parley_verdict& out);
    uint32_t wants(const parley_plan_ask& ask);
    void amend(const parley_plan_ask& ask,
               std::string_view body,
               sdk::Arena& arena,
               parley_amendment& out);

    // windows.cpp
    std::size_t windows(const parley_http_reply_head& head,
                        int64_t wall_ms,
                        std::span<parley_window> out) noexcept;

private:
    Settings settings_;
};

}  // namespace parley::codex
