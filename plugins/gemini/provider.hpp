// provider.hpp: the Gemini API, Vertex AI, and every place that speaks like them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/provider.h"
#include "parley/sdk/base_url.hpp"
#include "place.hpp"

namespace parley::gemini {

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
    std::size_t windows(const parley_http_reply_head& head,
                        int64_t wall_ms,
                        std::span<parley_window> out) noexcept;

private:
    Place place_;
    sdk::BaseUrl assist_{"https://cloudcode-pa.googleapis.com", ""};
    std::string key_header_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

extern const std::string_view kProviderSchema;

}  // namespace parley::gemini
