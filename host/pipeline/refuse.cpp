// pipeline/refuse.cpp: an error in the client's own dialect, whether or not its reply has begun.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using base::Task;

Task<void> Exchange::refuse(const Error& error) {
    const bool was_told = attempt_ && attempt_->was_told();
    if (gone_ || was_told || error.error_class == PARLEY_E_CANCELLED) co_return;
    if (attempt_ && !attempt_->has_refusal()) attempt_->let_go();
    if (reply_.begun()) {
        // The status has gone out. A stream gets an error event and an orderly end; a body of
        // known length can only be broken.
        const base::Bytes words = attempt_ ? attempt_->last_words(error) : base::Bytes();
        co_await reply_.break_off(words.view());
        co_return;
    }
    if (attempt_ && attempt_->has_refusal()) {
        const Result<void> shown = co_await attempt_->show_refusal();
        (void)shown;
        co_return;
    }
    const plugins::Dialect* dialect =
        asked_.dialect != nullptr ? asked_.dialect : world_->registry.nearest(asked_.http);
    const parley_call* call = asked_.dialect != nullptr ? &asked_.call : nullptr;
    if (dialect == nullptr) {
        co_await refuse_plainly(error);
        co_return;
    }
    const plugins::Composed composed = dialect->encode_error(call, error, arena_);
    const Result<void> written = co_await reply_.compose(composed);
    (void)written;
}

// Without any dialect there still is an answer.
Task<void> Exchange::refuse_plainly(const Error& error) {
    const unsigned status =
        error.http_status != 0 ? error.http_status : base::http_status_of(error.error_class);
    reply_.begin(status, Reply::Framing::length, error.message.size());
    reply_.add_field("content-type", "text/plain");
    reply_.add_ids();
    const Result<void> written = co_await reply_.write(error.message);
    (void)written;
}

}  // namespace parley::pipeline
