// pipeline/refuse.cpp: an error in the client's own dialect, whether or not its reply has begun.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Error;
using base::Task;

Task<void> Exchange::refuse(const Error& error) {
    if (gone_ || reported_by_upstream_ || error.error_class == PARLEY_E_CANCELLED) co_return;
    upstream_.reset();
    if (!client_.reply_begun()) {
        const plugins::Dialect* dialect =
            dialect_ != nullptr ? dialect_ : world_->registry.nearest(request_);
        const parley_call* call = dialect_ != nullptr ? &call_ : nullptr;
        if (dialect == nullptr) {
            co_await refuse_plainly(error);
            co_return;
        }
        const plugins::Composed reply = dialect->encode_error(call, error, arena_);
        const base::Result<void> written = co_await compose(reply);
        (void)written;
        co_return;
    }
    // The status has gone out. A stream gets an error event and an orderly end; a body of known
    // length can only be broken.
    base::Bytes event;
    if (crossing_ != nullptr) {
        crossing_->break_off(error);
        event.swap(crossing_->out());
    } else if (tap_.is_open()) {
        event = tap_.fail(error);
    }
    if (event.empty() || !client_.can_append()) {
        client_.break_reply();
        co_return;
    }
    const bool sent = co_await client_.send(event.view());
    reply_bytes_ += sent ? event.size() : 0;
    if (sent) {
        co_await client_.end_reply();
    }
}

// Without any dialect there still is an answer.
Task<void> Exchange::refuse_plainly(const Error& error) {
    status_ = error.http_status != 0 ? error.http_status : base::http_status_of(error.error_class);
    client_.begin_reply(status_, http::Client::Framing::length, error.message.size());
    client_.add_field("content-type", "text/plain");
    client_.add_field("x-request-id", id_);
    co_await client_.send(error.message);
}

}  // namespace parley::pipeline
