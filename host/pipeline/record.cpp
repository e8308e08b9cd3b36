// pipeline/record.cpp: what the exchange came to, told exactly once.
#include "base/clock.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/outcome.hpp"

namespace parley::pipeline {

void Exchange::record(const base::Error* error) {
    const http::RequestHead& head = client_.head();
    Outcome o;
    o.id = id_;
    o.peer = client_.peer_address();
    o.caller = asked_.caller_name();
    o.method = head.method;
    o.path = head.path;
    if (asked_.dialect != nullptr) o.dialect = asked_.dialect->id();
    o.model = asked_.model();
    std::string lost;
    if (attempt_) {
        lost = attempt_->lost();
        o.lost = lost;
        const routing::Candidate& picked = attempt_->candidate();
        spend(attempt_->cost());
        o.provider = picked.place->provider->name();
        o.account = picked.account->label;
        o.upstream_model = picked.model;
        o.usage = attempt_->usage();
    }
    constexpr unsigned kClientClosed = 499;
    const bool left = gone_ || (error != nullptr && error->error_class == PARLEY_E_CANCELLED);
    o.status = left && reply_.status() == 0 ? kClientClosed : reply_.status();
    o.has_left = left;
    o.attempts = notes_;
    o.is_budget_spent = is_budget_spent_;
    o.stream = asked_.wants_stream();
    o.request_bytes = asked_.http.body.len;
    o.reply_bytes = reply_.bytes();
    o.first_byte_ms = reply_.first_byte_ms() == 0 ? 0 : reply_.first_byte_ms() - started_ms_;
    o.total_ms = lane_.loop().now_ms() - started_ms_;
    o.error = error;
    lane_.recorder().record(o);
    if (!world_->observers.empty()) tell_observers(o);
}

// What they are told beside what is logged.
void Exchange::tell_observers(Outcome& o) {
    o.operation = asked_.call.operation;
    if (course_ != nullptr) o.route = terms().route;
    o.session_key = plugins::view(asked_.peek.session_key);
    o.trace = client_.head().get("traceparent");
    o.started_ms = base::wall_ms() - static_cast<std::int64_t>(o.total_ms);
    if (read_ms_ != 0) o.read_ms = read_ms_ - started_ms_;
    if (attempt_) {
        o.finish = attempt_->finish();
        o.is_relayed = attempt_->is_relayed();
    }
    world_->observers.tell(o);
}

// What the reply cost is the caller's.
void Exchange::spend(std::uint64_t tokens) {
    if (asked_.caller == nullptr) return;
    if (tokens != 0) asked_.caller->budget->spend(tokens, lane_.now_ms(), base::wall_ms());
}

}  // namespace parley::pipeline
