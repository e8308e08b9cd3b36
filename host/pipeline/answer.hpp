// pipeline/answer.hpp: a provider's own answer as a source of bytes.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "config/limits.hpp"
#include "http/pause.hpp"
#include "http/source.hpp"
#include "plugins/border.hpp"

namespace parley::pipeline {

class AnswerSource final : public http::Source {
public:
    AnswerSource(http::Loop& loop, const config::UpstreamLimits& limits)
        : loop_(loop), limits_(limits) {}

    base::Result<void> open(const plugins::Provider& provider,
                            const parley_plan_ask& ask,
                            std::string_view body,
                            base::Arena& arena);

    base::Task<base::Result<void>> read_head() override;

    const http::ReplyHead& head() const override { return head_; }

    base::Task<base::Result<Piece>> read_body() override;
    void expire_after(std::uint64_t ms) override;
    void cancel() override;

    void finish() override {}

private:
    // Steps until there are bytes or the end.
    base::Task<base::Result<void>> step();
    base::Task<bool> pause();

    http::Loop& loop_;
    const config::UpstreamLimits& limits_;
    plugins::Answer answer_;
    http::ReplyHead head_;
    base::Bytes bytes_;
    http::Pause* pause_ = nullptr;
    std::uint64_t expires_at_ms_ = 0;
    std::uint64_t resume_at_ms_ = 0;      // when the next step is due
    bool shown_ = false;                  // bytes_ were given out
    std::optional<base::Error> failure_;  // once the bytes before it were given out
    bool done_ = false;
    bool cancelled_ = false;
};

}  // namespace parley::pipeline
