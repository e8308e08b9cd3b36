// pipeline/record.cpp: what the exchange came to, told exactly once.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

void Exchange::record(const base::Error* error) {
    const http::RequestHead& head = client_.head();
    const std::uint64_t now_ms = lane_.loop().now_ms();
    Outcome o;
    o.id = id_;
    o.peer = client_.peer_address();
    o.caller = caller_;
    o.method = head.method;
    o.path = head.path;
    if (dialect_ != nullptr) o.dialect = dialect_->id();
    o.model = plugins::view(peek_.model);
    if (attempt_ != nullptr) {
        o.provider = attempt_->place->provider->name();
        o.account = attempt_->account->label;
        o.upstream_model = attempt_->model;
    }
    constexpr unsigned kClientClosed = 499;
    const bool left = gone_ || (error != nullptr && error->error_class == PARLEY_E_CANCELLED);
    o.status = left && status_ == 0 ? kClientClosed : status_;
    o.stream = wants_stream();
    o.request_bytes = request_.body.len;
    o.reply_bytes = reply_bytes_;
    o.first_byte_ms = first_byte_ms_ == 0 ? 0 : first_byte_ms_ - started_ms_;
    o.total_ms = now_ms - started_ms_;
    o.usage = crossing_ != nullptr ? crossing_->usage() : tap_.view().usage;
    o.error = error;
    lane_.recorder().record(o);
}

}  // namespace parley::pipeline
