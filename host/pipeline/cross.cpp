// pipeline/cross.cpp: the upstream's reply goes to the client in another dialect.
#include "http/fields.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/head_view.hpp"
#include "pipeline/patience.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using base::Task;
using http::Client;
using http::Source;
using plugins::view;
using State = Crossing::State;

namespace {

constexpr std::string_view kWarnings = "x-parley-warnings";

}  // namespace

Task<Result<void>> Exchange::cross() {
    const http::ReplyHead& head = upstream_->head();
    const HeadView seen(head);
    const bool stream = wants_stream();
    const bool upstream_streams = head.content_type.starts_with("text/event-stream");
    auto opened = crossing_->listen(seen.head, upstream_streams);
    if (!opened) co_return opened;
    for (bool end = false; !end;) {
        Result<Source::Piece> piece = Source::Piece();
        Result<void> heard = co_await hear(stream, piece);
        if (!heard) co_return heard;
        const bool over = crossing_->state() >= State::finished;
        if (!piece && !over) co_return piece.error();
        end = !piece || piece->end || tail_is_over();
        if (over) continue;  // only the connection is waited for
        Result<void> fed = crossing_->feed(piece->bytes, end);
        if (!fed) co_return fed;
        Result<void> shown = co_await show_crossed(stream);
        if (!shown) co_return shown;
    }
    upstream_->finish();
    co_return Result<void>();
}

// The upstream's next words. While it says nothing, a stream tells its client that it lives.
Task<Result<void>> Exchange::hear(bool stream, Result<Source::Piece>& piece) {
    const http::Loop& loop = lane_.loop();
    const bool pings = stream && crossing_->state() < State::finished;
    const std::uint64_t wait_ms = limit_wait(static_cast<std::uint32_t>(crossing_->state()));
    const Patience patience(loop.now_ms(), wait_ms, pings ? world_->config.limits.ping_ms : 0);
    for (;;) {
        upstream_->expire_after(patience.step_ms(loop.now_ms()));
        piece = co_await upstream_->read_body();
        const bool timed_out = !piece && piece.error().error_class == PARLEY_E_TIMEOUT;
        if (!timed_out || patience.is_over(loop.now_ms())) co_return Result<void>();
        Result<void> alive = co_await show_alive();
        if (!alive) co_return alive;
    }
}

// Sends what the client may see by now, and the end when it has come.
Task<Result<void>> Exchange::show_crossed(bool stream) {
    const State state = crossing_->state();
    if (state == State::failed) {
        Error error = crossing_->error();
        hide_secret(error.message);
        if (!client_.reply_begun()) co_return error;
        crossing_->break_off(error);
        http::Gather out;
        out.add(crossing_->out().view());
        const Result<void> written = co_await write(out);
        if (!written) co_return written;
        co_await client_.end_reply();
        reported_by_upstream_ = true;
        co_return error;
    }
    if (state == State::finished) co_return co_await end_crossed(stream);
    if (!stream || state == State::silent || crossing_->out().empty()) co_return Result<void>();
    if (!client_.reply_begun()) begin_crossed(client_.stream_framing(), stream);
    http::Gather out;
    out.add(crossing_->out().view());
    const Result<void> written = co_await write(out);
    crossing_->out().clear();
    co_return written;
}

// What has been held back goes out before the sign of life.
Task<Result<void>> Exchange::show_alive() {
    crossing_->ping();
    if (crossing_->out().empty()) co_return Result<void>();
    if (!client_.reply_begun()) begin_crossed(client_.stream_framing(), true);
    http::Gather out;
    out.add(crossing_->out().view());
    const Result<void> written = co_await write(out);
    crossing_->out().clear();
    co_return written;
}

Task<Result<void>> Exchange::end_crossed(bool stream) {
    if (call_.operation == PARLEY_OPERATION_COUNT_TOKENS) co_return co_await show_count();
    if (!client_.reply_begun()) {
        begin_crossed(stream ? client_.stream_framing() : Client::Framing::length, stream);
    }
    http::Gather out;
    out.add(crossing_->out().view());
    const Result<void> written = co_await write(out);
    crossing_->out().clear();
    if (written) {
        // Whoever has heard the end may leave before its framing ends.
        co_await client_.end_reply();
    }
    co_return written;
}

Task<Result<void>> Exchange::show_count() {
    auto counted = crossing_->count();
    if (!counted) co_return std::move(counted).error();
    const std::string warnings = crossing_->warnings();
    if (!warnings.empty()) client_.always_add(kWarnings, warnings);
    co_return co_await compose(*counted);
}

void Exchange::begin_crossed(Client::Framing framing, bool stream) {
    status_ = 200;
    client_.begin_reply(status_, framing, crossing_->out().size());
    const bool events = stream && !crossing_->streams_array();
    client_.add_field("content-type",
                      events ? "text/event-stream; charset=utf-8" : "application/json");
    client_.add_field("x-request-id", id_);
    const std::string warnings = crossing_->warnings();
    if (!warnings.empty()) client_.add_field(kWarnings, warnings);
    if (!events) return;
    client_.add_field("cache-control", "no-cache");
    client_.add_field("x-accel-buffering", "no");
}

}  // namespace parley::pipeline
