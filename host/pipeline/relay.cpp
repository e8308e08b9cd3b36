// pipeline/relay.cpp: the upstream's bytes go to the client unchanged, watched by the dialect's
// tap.
#include "accounts/proofs.hpp"
#include "base/clock.hpp"
#include "http/date.hpp"
#include "http/fields.hpp"
#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/head_view.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using http::Source;
using plugins::view;

namespace {

// A body that is shown only when it is whole is held up to here; then it goes on as it comes.
constexpr std::size_t kHeldReplyBytesMax = 32 * 1024;

constexpr std::size_t kErrorBodyBytesMax = 1024 * 1024;

bool is_event_stream(const http::ReplyHead& head) {
    return head.content_type.starts_with("text/event-stream");
}

// Pages that some gateway between us and the upstream wrote.
bool is_foreign_page(const http::ReplyHead& head) {
    return head.content_type.starts_with("text/html");
}

// That its client may have been told as well, and then waits for.
bool has_length(const http::ReplyHead& head) {
    return head.content_length.has_value() && !is_event_stream(head);
}

// Whole in its words, it may still be shorter than it said.
bool is_open(const parley_tap& tap, const http::ReplyHead& head) {
    return tap.state == PARLEY_TAP_OPEN || (tap.state == PARLEY_TAP_COMPLETE && has_length(head));
}

bool timed_out(const Result<Source::Piece>& piece) {
    return !piece && piece.error().error_class == PARLEY_E_TIMEOUT;
}

}  // namespace

Attempt::Task Attempt::hear_reply() {
    const http::ReplyHead& head = source_->head();
    status_ = head.status;
    const std::string_view coding = head.get(http::FieldId::content_encoding);
    if (!coding.empty() && !http::equals_ignoring_case(coding, "identity")) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: compressed a reply though asked not to");
    }
    if (head.status >= 400) co_return co_await hear_refusal();
    if (head.status >= 300) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: redirects are not followed");
    }
    if (is_crossing() && is_foreign_page(head)) {
        co_return base::upstream_error(
            PARLEY_E_UPSTREAM_PROTOCOL,
            "upstream: a web page in place of an answer; is its base_url right?");
    }
    if (is_crossing()) co_return co_await cross(false);
    co_return co_await relay();
}

Attempt::Task Attempt::relay() {
    const http::ReplyHead& head = source_->head();
    const HeadView seen(head);
    auto open = plugins::sized<parley_tap_open>();
    open.retarget_flags = retarget_.flags;
    open.call = &exchange_.asked().call;
    open.peek = &exchange_.asked().peek;
    open.head = &seen.head;
    hear_windows(seen.head);
    if (auto opened = tap_.open(spoken_, open, exchange_.arena()); !opened) co_return opened;
    for (;;) {
        const bool gated = is_gated();
        limit_wait(tap_.view().state);
        Result<Source::Piece> piece = co_await source_->read_body();
        if (gated && !is_gated() && timed_out(piece)) piece = Source::Piece();
        const bool whole = tap_.view().state >= PARLEY_TAP_COMPLETE && !has_length(head);
        // What breaks behind the end of a whole reply does not matter any more.
        if (!piece && !(whole && has_shown_)) co_return piece.error();
        const bool end = !piece || piece->end || tail_is_over();
        const std::string_view bytes = piece ? piece->bytes : std::string_view();
        received_bytes_ += bytes.size();
        const Result<void> forwarded = co_await forward(bytes, end);
        if (!forwarded) co_return forwarded;
        if (tap_.has_declined()) co_return co_await recast(end);
        if (end) break;
    }
    source_->finish();
    co_await exchange_.reply().end();
    if (tap_.view().state != PARLEY_TAP_FAILED) co_return Result<void>();
    was_told_ = true;
    co_return tapped_error();
}

// What the upstream says of its failure inside of a reply.
Error Attempt::tapped_error() const {
    Error error = plugins::from_border(tap_.view().error);
    hide_secret(error.message);
    error.fault = PARLEY_FAULT_UPSTREAM;
    return error;
}

// Nothing of the reply is shown yet, so that another account may answer if it fails.
bool Attempt::is_gated() const {
    const config::FailoverLimits& limits = exchange_.world().config.failover;
    return !has_shown_ && (exchange_.has_more() || exchange_.is_racing()) &&
           held_.size() < limits.gate_bytes_max &&
           exchange_.lane().loop().now_ms() < heard_ms_ + limits.gate_ms;
}

// How long the upstream may let us wait, by how far its reply has come (PARLEY_TAP_*).
std::uint64_t Attempt::limit_wait(std::uint32_t state) {
    const config::UpstreamLimits& limits = exchange_.world().config.upstream;
    const config::RouteLimits& of_route = exchange_.terms().limits;
    const std::uint64_t idle_ms = limit_of(plan_.idle_ms, of_route.idle_ms, limits.idle_ms);
    const std::uint64_t content_ms =
        limit_of(plan_.content_ms, of_route.content_ms, limits.content_ms);
    const std::uint64_t total_ms = limit_of(0, of_route.total_ms, limits.total_ms);
    const std::uint64_t now_ms = exchange_.lane().loop().now_ms();
    std::uint64_t end_ms = std::min(now_ms + idle_ms, exchange_.started_ms() + total_ms);
    if (state == PARLEY_TAP_OPEN) {
        end_ms = std::min(end_ms, heard_ms_ + content_ms);
        if (is_gated()) {
            end_ms = std::min(end_ms, heard_ms_ + exchange_.world().config.failover.gate_ms);
        }
    } else if (state >= PARLEY_TAP_COMPLETE) {
        if (tail_end_ms_ == 0) tail_end_ms_ = now_ms + limits.tail_ms;
        end_ms = std::min(end_ms, tail_end_ms_);
    }
    const std::uint64_t wait_ms = end_ms > now_ms ? end_ms - now_ms : 1;
    source_->expire_after(wait_ms);
    return wait_ms;
}

// The reply said its end, and yet something comes.
bool Attempt::tail_is_over() const {
    return tail_end_ms_ != 0 && exchange_.lane().loop().now_ms() >= tail_end_ms_;
}

// Shows the tap what has come and sends what it lets through.
Attempt::Task Attempt::forward(std::string_view bytes, bool end) {
    const bool is_held = !held_.empty();
    if (is_held) {
        if (held_.size() + bytes.size() > exchange_.world().config.upstream.held_bytes_max) {
            co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                           "upstream: an event over upstream.held_bytes_max");
        }
        held_.append(bytes);
        bytes = held_.view();
    }
    // Of what is held, the tap has judged `judged_` bytes already.
    Result<void> fed = tap_.feed(bytes.substr(judged_), end);
    if (!fed) co_return fed;
    if (tap_.has_declined()) {
        if (held_.empty()) held_.append(bytes);
        co_return Result<void>();
    }
    const bool events = is_event_stream(source_->head());
    if (exchange_.reply().begun() && !has_shown_ && !events) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: no stream though asked for one");
    }
    const parley_tap& tap = tap_.view();
    for (std::uint64_t i = 0; i < tap.made_count; ++i) {
        exchange_.owns(account_number(), view(tap.made[i]));
    }
    const std::size_t taken = judged_ + tap.taken;
    if (end && tap.state < PARLEY_TAP_COMPLETE) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: the reply ended before it was complete");
    }
    if (tap.state == PARLEY_TAP_FAILED && !has_shown_) {
        const Error failure = tapped_error();
        judge(failure);
        if (is_gated() || may_renew()) co_return failure;
    }
    const bool worth_holding = events ? is_gated() : bytes.size() < kHeldReplyBytesMax;
    const bool hold = worth_holding && !end && !has_shown_ && is_open(tap, source_->head());
    http::Gather out;
    let_through(bytes, taken, out);
    if (hold) {
        const std::size_t judged = out.size();
        if (held_.empty() || tap.cut_count != 0) {
            base::Bytes kept;
            out.move_to(kept);
            kept.append(bytes.substr(taken));
            held_ = std::move(kept);
        }
        judged_ = judged;
        co_return Result<void>();
    }
    if (!exchange_.reply().begun()) begin_relayed(end, out.size());
    // The rest must be kept before the write, which may outlive the scratch. Of an event that comes
    // in many pieces all is held already, and stays where it is.
    base::Bytes rest;
    if (!is_held) rest.append(bytes.substr(taken));
    judged_ = 0;
    base::Bytes told;
    if (tap.state == PARLEY_TAP_FAILED) {
        out.move_to(told);
        hide_secret({told.data(), told.size()});
        out.add(told.view());
    }
    show();
    const Result<void> written = co_await exchange_.reply().write(out);
    if (is_held) held_.drop_front(taken);
    if (held_.empty()) held_ = std::move(rest);
    co_return written;
}

// Of `bytes`, which the tap has judged up to `taken`, all that it did not cut. Its cuts count from
// where it was fed: behind what it had judged before.
void Attempt::let_through(std::string_view bytes, std::size_t taken, http::Gather& out) const {
    const parley_tap& tap = tap_.view();
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < tap.cut_count; ++i) {
        const std::size_t cut_at = judged_ + tap.cuts[i].at;
        out.add(bytes.substr(at, cut_at - at));
        at = cut_at + tap.cuts[i].len;
    }
    out.add(bytes.substr(at, taken - at));
}

void Attempt::hide_secret(std::span<char> text) const {
    accounts::hide_proofs(text, {plan_.headers, plan_.header_count});
    for (const auto& [name, value] : candidate_.account->headers) {
        accounts::hide_proof(text, accounts::proof_in(value));
    }
}

bool Attempt::shows_secret(std::string_view text) const {
    const auto shows = [text](std::string_view proof) {
        return accounts::find_proof(text, proof) != text.npos;
    };
    const std::span<const parley_header> sent(plan_.headers, plan_.header_count);
    const auto& of_account = candidate_.account->headers;
    return std::any_of(sent.begin(),
                       sent.end(),
                       [&](const auto& header) { return shows(accounts::proof_in(header)); }) ||
           std::any_of(of_account.begin(), of_account.end(), [&](const auto& header) {
               return shows(accounts::proof_in(header.second));
           });
}

// What an upstream's refusal means. Its own words are kept for a client who understands them; a
// page that is not from the upstream is nobody's words.
Attempt::Task Attempt::hear_refusal() {
    const http::ReplyHead& head = source_->head();
    const Result<void> whole = co_await read_refusal();
    hide_secret({held_.data(), held_.size()});
    const HeadView seen(head);
    hear_windows(seen.head);
    told_ = spoken_.decode_error(seen.head, held_.view(), exchange_.arena());
    if (told_.retry_after_ms == 0) {
        told_.retry_after_ms = http::retry_after_ms(head.get("retry-after"), base::wall_ms());
    }
    verdict_ = candidate_.place->provider->classify(
        account_, &seen.head, held_.view(), told_, exchange_.arena());
    Error error = plugins::from_border(verdict_->error);
    if (error.message.empty()) {
        error.message = "upstream returned HTTP " + std::to_string(head.status);
    }
    if (whole) source_->finish();
    has_refusal_ = !is_crossing() && whole && !held_.empty() && !is_foreign_page(head);
    if (is_crossing()) {
        error.http_status = 0;  // by class: the client's dialect has its own
    } else if (!has_refusal_) {
        error.http_status = head.status >= 500 ? 502 : head.status;
    }
    co_return error;
}

Attempt::Task Attempt::read_refusal() {
    source_->expire_after(exchange_.world().config.upstream.idle_ms);
    for (;;) {
        const Result<Source::Piece> piece = co_await source_->read_body();
        if (!piece) co_return piece.error();
        held_.append(piece->bytes);
        if (piece->end) co_return Result<void>();
        if (held_.size() > kErrorBodyBytesMax) {
            co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                           "upstream: error body too large");
        }
    }
}

Attempt::Task Attempt::show_refusal() {
    begin_reply(Reply::Framing::length, held_.size());
    const Result<void> written = co_await exchange_.reply().write(held_.view());
    was_told_ = written.has_value();
    co_return written;
}

// `size` is what has been let through, all of it at the `end`.
void Attempt::begin_relayed(bool end, std::size_t size) {
    const http::ReplyHead& head = source_->head();
    // What was put around a request may be cut from its reply.
    const bool may_be_cut = retarget_.flags != 0 || (wants_ & PARLEY_WANT_AMEND) != 0;
    const bool known = !is_event_stream(head) && (end || (head.content_length && !may_be_cut));
    const std::uint64_t length = end ? size : head.content_length.value_or(0);
    begin_reply(known ? Reply::Framing::length : exchange_.reply().stream_framing(), length);
}

void Attempt::begin_reply(Reply::Framing framing, std::uint64_t length) {
    exchange_.claim(*this);
    const http::ReplyHead& head = source_->head();
    Reply& reply = exchange_.reply();
    reply.begin(head.status, framing, length);
    const http::ConnectionOptions of_connection(head);
    bool has_id = false;
    for (const http::Field& f : head.fields) {
        if (!http::passes_to_client(f) || of_connection.name(f.name)) continue;
        if (head.status >= 400 && shows_secret(f.value)) continue;
        has_id = has_id || http::equals_ignoring_case(f.name, "x-request-id");
        reply.add_field(f.name, f.value);
    }
    if (!has_id) reply.add_id();
    if (amendment_.warning_count != 0) reply.add_field("x-parley-warnings", lost());
    if (!is_event_stream(head)) return;
    if (head.get(http::FieldId::cache_control).empty()) {
        reply.add_field("cache-control", "no-cache");
    }
    reply.add_field("x-accel-buffering", "no");
}

}  // namespace parley::pipeline
