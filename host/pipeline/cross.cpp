// pipeline/cross.cpp: the upstream's reply goes to the client in another dialect.
#include "http/fields.hpp"
#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/head_view.hpp"
#include "pipeline/patience.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using http::Source;
using plugins::view;
using State = Crossing::State;

namespace {

constexpr std::string_view kWarnings = "x-parley-warnings";

}  // namespace

// A whole reply to a client that waits for a stream of the same dialect: it is told again as one.
Attempt::Task Attempt::recast(bool ended) {
    make_crossing();
    const Result<void> read = co_await read_request();
    if (!read) co_return read;
    const Result<void> ready = speak();
    if (!ready) co_return ready;
    const Result<void> told = co_await cross(ended);
    // A request that is made again is relayed again.
    if (!told && !has_shown_) crossing_.reset();
    co_return told;
}

// What the client asked says how it is to be told.
Attempt::Task Attempt::read_request() {
    if (is_small()) co_return crossing_->read(candidate_.model);
    Lane& lane = exchange_.lane();
    Result<void> done;
    const auto work = [&] { done = crossing_->read(candidate_.model); };
    http::Workers::Errand errand(lane.workers(), lane.loop(), work);
    co_await errand;
    if (is_off()) done = client_left();
    co_return done;
}

// The bytes that are held are the reply's first; `ended`: there are no others.
Attempt::Task Attempt::cross(bool ended) {
    const http::ReplyHead& head = source_->head();
    const HeadView seen(head);
    hear_windows(seen.head);
    const bool stream = exchange_.asked().wants_stream();
    const bool upstream_streams = head.content_type.starts_with("text/event-stream");
    auto opened = crossing_->listen(seen.head, upstream_streams);
    if (!opened) co_return opened;
    base::Bytes first;
    first.swap(held_);
    if (!first.empty()) {
        const Result<void> fed = crossing_->feed(first.view(), ended);
        if (!fed) co_return fed;
        const Result<void> shown = co_await show_crossed(stream);
        if (!shown) co_return shown;
    }
    for (bool end = ended; !end;) {
        Result<Source::Piece> piece = Source::Piece();
        Result<void> heard = co_await hear(stream, piece);
        if (!heard) co_return heard;
        const bool over = crossing_->state() >= State::finished;
        if (!piece && !over) co_return piece.error();
        if (piece) received_bytes_ += piece->bytes.size();
        end = !piece || piece->end || tail_is_over() || crossing_->is_cut_short();
        if (over) continue;  // only the connection is waited for
        Result<void> fed = crossing_->feed(piece->bytes, end);
        if (!fed) co_return fed;
        Result<void> shown = co_await show_crossed(stream);
        if (!shown) co_return shown;
    }
    source_->finish();
    co_return Result<void>();
}

// The upstream's next words. While it says nothing, a stream tells its client that it lives.
Attempt::Task Attempt::hear(bool stream, Result<Source::Piece>& piece) {
    const http::Loop& loop = exchange_.lane().loop();
    const bool pings = stream && crossing_->state() < State::finished;
    const std::uint64_t wait_ms = limit_wait(static_cast<std::uint32_t>(crossing_->state()));
    const Patience patience(
        loop.now_ms(), wait_ms, pings ? exchange_.world().config.limits.ping_ms : 0);
    for (;;) {
        source_->expire_after(patience.step_ms(loop.now_ms()));
        piece = co_await source_->read_body();
        const bool timed_out = !piece && piece.error().error_class == PARLEY_E_TIMEOUT;
        if (!timed_out || patience.is_over(loop.now_ms())) co_return Result<void>();
        Result<void> alive = co_await show_alive();
        if (!alive) co_return alive;
    }
}

// Sends what the client may see by now, and the end when it has come.
Attempt::Task Attempt::show_crossed(bool stream) {
    const State state = crossing_->state();
    if (state == State::failed) {
        Error error = crossing_->error();
        hide_secret(error.message);
        if (!has_shown_) co_return error;
        crossing_->break_off(error);
        const Result<void> written = co_await write_crossed();
        if (!written) co_return written;
        co_await exchange_.reply().end();
        was_told_ = true;
        co_return error;
    }
    if (state == State::finished) co_return co_await end_crossed(stream);
    if (!stream || state == State::silent || crossing_->out().empty()) co_return Result<void>();
    if (!exchange_.reply().begun()) begin_crossed(exchange_.reply().stream_framing(), stream);
    show();
    co_return co_await write_crossed();
}

// What has been held back goes out before the sign of life.
Attempt::Task Attempt::show_alive() {
    // Of two, the one with content speaks.
    if (exchange_.is_racing()) co_return Result<void>();
    if (!crossing_->out().empty()) show();
    crossing_->ping();
    if (crossing_->out().empty()) co_return Result<void>();
    if (!exchange_.reply().begun()) begin_crossed(exchange_.reply().stream_framing(), true);
    co_return co_await write_crossed();
}

Attempt::Task Attempt::end_crossed(bool stream) {
    Reply& reply = exchange_.reply();
    if (exchange_.asked().call.operation == PARLEY_OPERATION_COUNT_TOKENS) {
        co_return co_await show_count();
    }
    if (!reply.begun()) {
        begin_crossed(stream ? reply.stream_framing() : Reply::Framing::length, stream);
    }
    show();
    const Result<void> written = co_await write_crossed();
    if (written) {
        co_await reply.end();
    }
    co_return written;
}

Attempt::Task Attempt::write_crossed() {
    const Result<void> written = co_await exchange_.reply().write(crossing_->out().view());
    crossing_->out().clear();
    co_return written;
}

Attempt::Task Attempt::show_count() {
    auto counted = crossing_->count();
    if (!counted) co_return std::move(counted).error();
    const std::string told = lost();
    if (!told.empty()) exchange_.client().always_add(kWarnings, told);
    co_return co_await exchange_.reply().compose(*counted);
}

void Attempt::begin_crossed(Reply::Framing framing, bool stream) {
    exchange_.claim(*this);
    Reply& reply = exchange_.reply();
    reply.begin(200, framing, crossing_->out().size());
    const bool events = stream && !crossing_->streams_array();
    reply.add_field("content-type",
                    events ? "text/event-stream; charset=utf-8" : "application/json");
    reply.add_ids();
    const std::string told = lost();
    if (!told.empty()) reply.add_field(kWarnings, told);
    if (!events) return;
    reply.add_field("cache-control", "no-cache");
    reply.add_field("x-accel-buffering", "no");
}

}  // namespace parley::pipeline
