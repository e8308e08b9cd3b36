#include "pipeline/notice.hpp"

#include "plugins/border.hpp"

namespace parley::pipeline {

using plugins::sized;

namespace {

// Of one exchange; a text that does not fit is left out.
constexpr std::size_t kTextBytesMax = 256 * 1024;

std::uint32_t outcome_of(int error_class) {
    if (error_class == 0) return PARLEY_OUTCOME_SUCCEEDED;
    return error_class == PARLEY_E_CANCELLED ? PARLEY_OUTCOME_CANCELLED : PARLEY_OUTCOME_FAILED;
}

}  // namespace

Notice::Notice(const Outcome& o)
    : arena_(kTextBytesMax),
      exchange_(sized<parley_exchange>()),
      usage_(o.usage),
      notice_(sized<parley_notice>()) {
    exchange_.flags =
        (o.stream ? PARLEY_EXCHANGE_STREAM : 0U) | (o.is_relayed ? PARLEY_EXCHANGE_RELAYED : 0U);
    exchange_.operation = o.operation;
    exchange_.id = keep(o.id);
    exchange_.caller = keep(o.caller);
    exchange_.dialect = keep(o.dialect);
    exchange_.model = keep(o.model);
    exchange_.route = keep(o.route);
    exchange_.session_key = keep(o.session_key);
    exchange_.trace = keep(o.trace);
    notice_.exchange = &exchange_;
    tell_end(o);
    tell_attempts(o);
}

void Notice::tell_end(const Outcome& o) {
    const int error_class = o.error == nullptr ? 0 : o.error->error_class;
    notice_.error_class = error_class;
    notice_.outcome = outcome_of(o.has_left ? PARLEY_E_CANCELLED : error_class);
    const bool is_refused = notice_.outcome == PARLEY_OUTCOME_FAILED && o.attempts.empty();
    if (is_refused) notice_.outcome = PARLEY_OUTCOME_REFUSED;
    if (o.error != nullptr) notice_.code = keep(o.error->code);
    notice_.http_status = o.reply_bytes == 0 && o.has_left ? 0 : o.status;
    notice_.finish = o.finish;
    usage_.struct_size = sizeof(usage_);
    if (usage_.known != 0) notice_.usage = &usage_;
    notice_.started_ms = o.started_ms;
    notice_.read_ms = o.read_ms;
    notice_.commit_ms = o.first_byte_ms == 0 ? AttemptNote::kNever : o.first_byte_ms;
    notice_.total_ms = o.total_ms;
    notice_.received_bytes = o.request_bytes;
    notice_.sent_bytes = o.reply_bytes;
}

void Notice::tell_attempts(const Outcome& o) {
    attempts_.reserve(o.attempts.size());
    for (const AttemptNote& a : o.attempts) {
        auto& told = attempts_.emplace_back(sized<parley_attempt_notice>());
        told.outcome = outcome_of(a.error_class);
        told.error_class = a.error_class;
        told.scope = a.scope;
        told.http_status = a.status;
        told.reused = a.is_reused ? 1 : 0;
        told.provider = keep(a.provider);
        told.account = keep(a.account_id);
        told.model = keep(a.upstream_model);
        told.code = keep(a.code);
        told.start_ms = a.start_ms;
        told.connect_ms = a.connect_ms;
        told.head_ms = a.head_ms;
        told.content_ms = a.content_ms;
        told.total_ms = a.total_ms;
        told.sent_bytes = a.sent_bytes;
        told.received_bytes = a.received_bytes;
        list_.push_back(&told);
    }
    notice_.attempts = list_.data();
    notice_.attempt_count = list_.size();
}

parley_str Notice::keep(std::string_view text) {
    if (text.empty()) return {};
    text_bytes_ += text.size();
    return plugins::str(arena_.copy(text));
}

std::size_t Notice::bytes() const {
    return sizeof(*this) + text_bytes_ + attempts_.size() * sizeof(attempts_[0]);
}

}  // namespace parley::pipeline
