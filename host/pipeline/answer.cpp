#include "pipeline/answer.hpp"

#include <algorithm>

namespace parley::pipeline {

using base::Result;
using base::Task;
using base::upstream_error;

Result<void> AnswerSource::open(const plugins::Provider& provider,
                                const parley_plan_ask& ask,
                                std::string_view body,
                                base::Arena& arena) {
    return answer_.open(provider, ask, body, arena);
}

// A step may bring bytes and an end together: the bytes come first.
Task<Result<void>> AnswerSource::step() {
    while (bytes_.empty() && !done_ && !failure_) {
        const bool expired = co_await pause();
        if (cancelled_) co_return upstream_error(PARLEY_E_CANCELLED, "client left");
        if (expired) co_return upstream_error(PARLEY_E_TIMEOUT, "upstream: timed out");
        const parley_status status = answer_.step(bytes_, limits_.held_bytes_max);
        if (status == PARLEY_DONE) {
            done_ = true;
        } else if (status == PARLEY_CLOSED) {
            failure_ = upstream_error(PARLEY_E_UPSTREAM_PROTOCOL, "upstream: connection broken");
        } else if (status < 0) {
            failure_ = upstream_error(-status, "upstream: its own answer failed");
        } else if (status == PARLEY_AGAIN) {
            const std::uint64_t wait_ms = answer_.view().wait_ms;
            const std::uint64_t now_ms = loop_.now_ms();
            resume_at_ms_ = wait_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + wait_ms;
        }
    }
    if (bytes_.empty() && failure_) co_return *failure_;
    co_return Result<void>();
}

// Until the next step is due. True when the deadline came first.
Task<bool> AnswerSource::pause() {
    const std::uint64_t now_ms = loop_.now_ms();
    if (now_ms >= resume_at_ms_) co_return false;
    std::uint64_t wait_ms = resume_at_ms_ - now_ms;
    bool expires = false;
    if (expires_at_ms_ != 0) {
        const std::uint64_t left_ms = expires_at_ms_ > now_ms ? expires_at_ms_ - now_ms : 1;
        expires = left_ms <= wait_ms;
        wait_ms = std::min(wait_ms, left_ms);
    }
    http::Pause pause(loop_, wait_ms);
    pause_ = &pause;
    co_await pause;
    pause_ = nullptr;
    co_return expires && !cancelled_;
}

Task<Result<void>> AnswerSource::read_head() {
    Result<void> stepped = co_await step();
    if (!stepped) co_return stepped;
    const parley_answer& answer = answer_.view();
    head_.status = answer.status == 0 ? 200 : answer.status;
    head_.content_type = plugins::view(answer.content_type);
    head_.fields.push_back({http::FieldId::content_type, "content-type", head_.content_type});
    for (std::uint64_t i = 0; i < answer.header_count; ++i) {
        const parley_header& h = answer.headers[i];
        head_.fields.push_back(
            {http::FieldId::unknown, plugins::view(h.name), plugins::view(h.value)});
    }
    head_.until_close = true;
    co_return Result<void>();
}

Task<Result<http::Source::Piece>> AnswerSource::read_body() {
    if (shown_) bytes_.clear();
    Result<void> stepped = co_await step();
    if (!stepped) co_return std::move(stepped).error();
    Piece piece;
    piece.bytes = bytes_.view();
    piece.end = done_ && !failure_;
    shown_ = true;
    co_return piece;
}

void AnswerSource::expire_after(std::uint64_t ms) {
    expires_at_ms_ = ms == 0 ? 0 : loop_.now_ms() + ms;
}

void AnswerSource::cancel() {
    cancelled_ = true;
    if (pause_ != nullptr) pause_->cancel();
}

}  // namespace parley::pipeline
