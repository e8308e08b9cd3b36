// pipeline/relay.cpp: the upstream's bytes go to the client unchanged, watched by the dialect's
// tap.
#include "http/fields.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/head_view.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using base::Task;
using http::Client;
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

// Where the secret stands in a text. What is short stands in for a key where none is needed, and
// may well be a word.
std::size_t find_secret(std::string_view text, std::string_view secret, std::size_t from) {
    constexpr std::size_t kSecretBytesMin = 16;
    return secret.size() < kSecretBytesMin ? text.npos : text.find(secret, from);
}

}  // namespace

Task<Result<void>> Exchange::relay() {
    const http::ReplyHead& head = upstream_->head();
    const std::string_view coding = head.get(http::FieldId::content_encoding);
    if (!coding.empty() && !http::equals_ignoring_case(coding, "identity")) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: compressed a reply though asked not to");
    }
    if (head.status >= 400) co_return co_await relay_failure();
    if (head.status >= 300) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: redirects are not followed");
    }
    if (crossing_ != nullptr) co_return co_await cross();
    co_return co_await relay_success();
}

Task<Result<void>> Exchange::relay_success() {
    const http::ReplyHead& head = upstream_->head();
    const HeadView seen(head);
    auto open = plugins::sized<parley_tap_open>();
    open.retarget_flags = retarget_.flags;
    open.call = &call_;
    open.peek = &peek_;
    open.head = &seen.head;
    if (auto opened = tap_.open(*dialect_, open, arena_); !opened) co_return opened;
    for (;;) {
        limit_wait(tap_.view().state);
        const Result<Source::Piece> piece = co_await upstream_->read_body();
        const bool whole = tap_.view().state >= PARLEY_TAP_COMPLETE;
        // What breaks behind the end of a whole reply does not matter any more.
        if (!piece && !(whole && client_.reply_begun())) co_return piece.error();
        const bool end = !piece || piece->end || tail_is_over();
        const std::string_view bytes = piece ? piece->bytes : std::string_view();
        const Result<void> forwarded = co_await forward(bytes, end);
        if (!forwarded) co_return forwarded;
        if (end) break;
    }
    upstream_->finish();
    // Whoever has heard the end may leave before its framing ends.
    co_await client_.end_reply();
    if (tap_.view().state == PARLEY_TAP_FAILED) {
        Error error = plugins::from_border(tap_.view().error);
        hide_secret(error.message);
        error.fault = PARLEY_FAULT_UPSTREAM;
        reported_by_upstream_ = true;
        co_return error;
    }
    co_return Result<void>();
}

// How long the upstream may let us wait, by how far its reply has come (PARLEY_TAP_*).
std::uint64_t Exchange::limit_wait(std::uint32_t state) {
    const config::UpstreamLimits& limits = world_->config.upstream;
    const std::uint64_t idle_ms = plan_.idle_ms != 0 ? plan_.idle_ms : limits.idle_ms;
    const std::uint64_t content_ms = plan_.content_ms != 0 ? plan_.content_ms : limits.content_ms;
    std::uint64_t wait_ms = state == PARLEY_TAP_OPEN ? content_ms : idle_ms;
    const std::uint64_t now_ms = lane_.loop().now_ms();
    if (state >= PARLEY_TAP_COMPLETE) {
        if (tail_end_ms_ == 0) tail_end_ms_ = now_ms + limits.tail_ms;
        wait_ms = limits.tail_ms;
    }
    std::uint64_t end_ms = started_ms_ + limits.total_ms;
    if (tail_end_ms_ != 0) end_ms = std::min(end_ms, tail_end_ms_);
    const std::uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 1;
    wait_ms = std::min(wait_ms, left_ms);
    upstream_->expire_after(wait_ms);
    return wait_ms;
}

// The reply said its end, and yet something comes.
bool Exchange::tail_is_over() const {
    return tail_end_ms_ != 0 && lane_.loop().now_ms() >= tail_end_ms_;
}

// Shows the tap what has come and sends what it lets through.
Task<Result<void>> Exchange::forward(std::string_view bytes, bool end) {
    if (!held_.empty()) {
        if (held_.size() + bytes.size() > world_->config.upstream.held_bytes_max) {
            co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                           "upstream: an event over upstream.held_bytes_max");
        }
        held_.append(bytes);
        bytes = held_.view();
    }
    // Of what is held, the tap has judged `judged_` bytes already.
    Result<void> fed = tap_.feed(bytes.substr(judged_), end);
    if (!fed) co_return fed;
    const parley_tap& tap = tap_.view();
    const std::size_t taken = judged_ + tap.taken;
    const bool events = is_event_stream(upstream_->head());
    if (end && tap.state < PARLEY_TAP_COMPLETE) {
        co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                       "upstream: the reply ended before it was complete");
    }
    const bool hold = !events && !end && !client_.reply_begun() && tap.state == PARLEY_TAP_OPEN &&
                      bytes.size() < kHeldReplyBytesMax;
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
    if (!client_.reply_begun()) {
        const http::ReplyHead& head = upstream_->head();
        const bool known = end || (head.content_length && !events);
        const std::uint64_t length = end ? taken : head.content_length.value_or(0);
        const bool cut = retarget_.flags != 0;
        begin_reply(known && !cut && !events ? Client::Framing::length : client_.stream_framing(),
                    length);
    }
    // The rest must be kept before the write, which may outlive the scratch.
    base::Bytes rest;
    rest.append(bytes.substr(taken));
    judged_ = 0;
    base::Bytes told;
    if (tap.state == PARLEY_TAP_FAILED) {
        out.move_to(told);
        hide_secret({told.data(), told.size()});
        out.add(told.view());
    }
    const Result<void> written = co_await write(out);
    held_ = std::move(rest);
    co_return written;
}

// Of `bytes`, which the tap has judged up to `taken`, all that it did not cut. Its cuts count from
// where it was fed: behind what it had judged before.
void Exchange::let_through(std::string_view bytes, std::size_t taken, http::Gather& out) const {
    const parley_tap& tap = tap_.view();
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < tap.cut_count; ++i) {
        const std::size_t cut_at = judged_ + tap.cuts[i].at;
        out.add(bytes.substr(at, cut_at - at));
        at = cut_at + tap.cuts[i].len;
    }
    out.add(bytes.substr(at, taken - at));
}

// An upstream that repeats the key it was given, to say that it is wrong, must not say it to
// clients and logs.
void Exchange::hide_secret(std::span<char> text) const {
    const std::string_view secret = view(account_.secret);
    std::size_t at = 0;
    while ((at = find_secret({text.data(), text.size()}, secret, at)) != secret.npos) {
        std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), secret.size(), '*');
    }
}

// An upstream's refusal goes on as it is; a page that is not from the upstream does not.
Task<Result<void>> Exchange::relay_failure() {
    const http::ReplyHead& head = upstream_->head();
    base::Bytes body;
    const Result<void> whole = co_await read_rest(body);
    hide_secret({body.data(), body.size()});
    const HeadView seen(head);
    Error told = upstream_dialect_->decode_error(seen.head, body.view(), arena_);
    const parley_verdict verdict =
        attempt_->place->provider->classify(account_, &seen.head, body.view(), told, arena_);
    Error error = plugins::from_border(verdict.error);
    if (error.message.empty()) {
        error.message = "upstream returned HTTP " + std::to_string(head.status);
    }
    if (crossing_ != nullptr) {
        if (whole) upstream_->finish();
        error.http_status = 0;  // by class: the client's dialect has its own
        co_return error;
    }
    if (!whole || body.empty() || is_foreign_page(head)) {
        error.http_status = head.status >= 500 ? 502 : head.status;
        co_return error;
    }
    upstream_->finish();
    begin_reply(Client::Framing::length, body.size());
    http::Gather out;
    out.add(body.view());
    const Result<void> written = co_await write(out);
    if (!written) co_return written;
    reported_by_upstream_ = true;
    co_return error;
}

Task<Result<void>> Exchange::read_rest(base::Bytes& body) {
    upstream_->expire_after(world_->config.upstream.idle_ms);
    for (;;) {
        const Result<Source::Piece> piece = co_await upstream_->read_body();
        if (!piece) co_return piece.error();
        body.append(piece->bytes);
        if (piece->end) co_return Result<void>();
        if (body.size() > kErrorBodyBytesMax) {
            co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                           "upstream: error body too large");
        }
    }
}

void Exchange::begin_reply(Client::Framing framing, std::uint64_t length) {
    const http::ReplyHead& head = upstream_->head();
    status_ = head.status;
    client_.begin_reply(head.status, framing, length);
    const http::ConnectionOptions of_connection(head);
    const std::string_view secret = view(account_.secret);
    bool has_id = false;
    for (const http::Field& f : head.fields) {
        if (!http::passes_to_client(f) || of_connection.name(f.name)) continue;
        if (head.status >= 400 && find_secret(f.value, secret, 0) != f.value.npos) continue;
        has_id = has_id || http::equals_ignoring_case(f.name, "x-request-id");
        client_.add_field(f.name, f.value);
    }
    if (!has_id) client_.add_field("x-request-id", id_);
    if (!is_event_stream(head)) return;
    if (head.get(http::FieldId::cache_control).empty()) {
        client_.add_field("cache-control", "no-cache");
    }
    client_.add_field("x-accel-buffering", "no");
}

Task<Result<void>> Exchange::write(http::Gather& bytes) {
    const std::size_t size = bytes.size();
    if (first_byte_ms_ == 0) first_byte_ms_ = lane_.loop().now_ms();
    const bool sent = co_await client_.send(bytes);
    if (!sent) co_return left();
    reply_bytes_ += size;
    co_return Result<void>();
}

Task<Result<void>> Exchange::compose(const plugins::Composed& reply) {
    status_ = reply.head.status;
    client_.begin_reply(reply.head.status, Client::Framing::length, reply.body.size());
    client_.add_field("content-type", view(reply.head.content_type));
    for (std::uint64_t i = 0; i < reply.head.header_count; ++i) {
        client_.add_field(view(reply.head.headers[i].name), view(reply.head.headers[i].value));
    }
    client_.add_field("x-request-id", id_);
    http::Gather out;
    out.add(reply.body.view());
    co_return co_await write(out);
}

}  // namespace parley::pipeline
