// pipeline/send.cpp: the request goes to the upstream, and the head of its reply comes back.
#include <charconv>

#include "http/fields.hpp"
#include "http/reply.hpp"
#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/patience.hpp"

namespace parley::pipeline {

using base::Result;
using plugins::view;

namespace {

// An upstream that broke off while it was sent to may have said why.
constexpr std::uint64_t kLastWordsMs = 1'000;

constexpr std::size_t kUsualHeadBytes = 512;

}  // namespace

Attempt::Task Attempt::send() {
    const config::UpstreamLimits& limits = exchange_.world().config.upstream;
    const std::uint64_t head_ms =
        limit_of(plan_.head_ms, exchange_.terms().limits.head_ms, limits.head_ms);
    if (source_ != nullptr) co_return co_await await_head(head_ms);
    for (bool fresh = false;; fresh = true) {
        Result<void> opened = co_await connect(fresh);
        if (!opened) co_return opened;
        auto& reply = static_cast<http::ReplyReader&>(*source_);
        const Result<void> sent = co_await send_to(reply);
        Result<void> headed = sent;
        // An upstream may answer before it has read everything; that answer counts.
        const std::uint64_t wait_ms = sent ? head_ms : kLastWordsMs;
        if (!is_off()) headed = co_await await_head(wait_ms);
        if (headed) co_return headed;
        // A kept connection may have been closed under our hands: the request was not seen.
        const bool again = reply.was_stale() && !fresh && !is_off() &&
                           headed.error().error_class == PARLEY_E_UPSTREAM_PROTOCOL;
        if (!again) co_return headed;
        source_.reset();
    }
}

// While nothing comes, a translated stream tells its client that it lives.
Attempt::Task Attempt::await_head(std::uint64_t head_ms) {
    const http::Loop& loop = exchange_.lane().loop();
    const bool pings = is_crossing() && exchange_.asked().wants_stream();
    const Patience patience(
        loop.now_ms(), head_ms, pings ? exchange_.world().config.limits.ping_ms : 0);
    for (;;) {
        source_->expire_after(patience.step_ms(loop.now_ms()));
        Result<void> headed = co_await source_->read_head();
        const bool timed_out = !headed && headed.error().error_class == PARLEY_E_TIMEOUT;
        if (!timed_out || patience.is_over(loop.now_ms())) co_return headed;
        Result<void> alive = co_await show_alive();
        if (!alive) co_return alive;
    }
}

Attempt::Task Attempt::connect(bool fresh) {
    http::UpstreamPool& pool = exchange_.lane().pool();
    const http::UpstreamPool::Way way(plan_.connect_ms, candidate_.account->egress);
    Result<http::UpstreamPool::Lease> lease =
        co_await pool.acquire(view(plan_.origin), way, fresh, cancellation_);
    if (!lease) co_return std::move(lease).error();
    connected_ms_ = exchange_.lane().loop().now_ms();
    is_reused_ = lease->reused();
    source_ =
        std::make_unique<http::ReplyReader>(std::move(*lease), exchange_.world().config.upstream);
    if (is_off()) co_return client_left();
    co_return Result<void>();
}

Attempt::Task Attempt::send_to(http::ReplyReader& reply) {
    http::Stream& stream = reply.stream();
    head_.clear();
    write_head(reply.authority());
    http::Gather gather;
    gather.add(head_.view());
    gather_body(gather);
    stream.expire_after(exchange_.world().config.upstream.idle_ms);
    for (;;) {
        const http::Io io = gather.write_some(stream);
        if (io == http::Io::ok) co_return Result<void>();
        if (io != http::Io::again) break;
        if (stream.has_input()) {
            // It answers already and may never read the rest.
            reply.spoil();
            co_return Result<void>();
        }
        const http::Wake wake = co_await stream.readable_or_writable();
        if (wake != http::Wake::ready) break;
    }
    reply.spoil();
    co_return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                   "upstream: connection broken while sending");
}

// A request in another dialect takes along who asks and what traces it, and no more: the other
// fields of the client mean nothing there.
bool Attempt::passes_on(const http::Field& f) const {
    if (!http::passes_to_upstream(f)) return false;
    if (!is_translated()) return !is_crossing() || f.id != http::FieldId::content_type;
    return f.id == http::FieldId::user_agent || http::equals_ignoring_case(f.name, "traceparent") ||
           http::equals_ignoring_case(f.name, "tracestate");
}

// The client's own fields go on, but for those that belong to its connection or prove who it is;
// the provider's come in place of those of the same name, and the account's in place of these.
void Attempt::write_head(std::string_view authority) {
    base::Bytes& out = head_;
    out.reserve(kUsualHeadBytes);
    const auto field = [&](std::string_view name, std::string_view value) {
        out.append(name);
        out.append(": ");
        out.append(value);
        out.append("\r\n");
    };
    out.append(view(exchange_.asked().http.method));
    out.append(" ");
    out.append(view(plan_.target));
    out.append(" HTTP/1.1\r\n");
    field("host", authority);
    const std::span<const parley_header> own(plan_.headers, plan_.header_count);
    const auto& of_account = candidate_.account->headers;
    const auto is_of_account = [&](std::string_view name) {
        return std::any_of(of_account.begin(), of_account.end(), [&](const auto& h) {
            return http::equals_ignoring_case(h.first, name);
        });
    };
    const auto replaced = [&](std::string_view name) {
        return is_of_account(name) ||
               std::any_of(own.begin(), own.end(), [&](const parley_header& h) {
                   return http::equals_ignoring_case(view(h.name), name);
               });
    };
    const http::ConnectionOptions of_connection(exchange_.client().head());
    bool has_user_agent = false;
    for (const http::Field& f : exchange_.client().head().fields) {
        if (!passes_on(f) || replaced(f.name)) continue;
        if (of_connection.name(f.name)) continue;
        has_user_agent = has_user_agent || f.id == http::FieldId::user_agent;
        field(f.name, f.value);
    }
    if (!has_user_agent && !replaced("user-agent")) field("user-agent", "parley/" PARLEY_VERSION);
    for (const parley_header& h : own) {
        if (h.value.len != 0 && !is_of_account(view(h.name))) field(view(h.name), view(h.value));
    }
    for (const auto& [name, value] : of_account) field(name, value);
    if (is_crossing()) {
        const parley_encoded_request& encoded = crossing_->encoded().head;
        field("content-type", view(encoded.content_type));
        for (std::uint64_t i = 0; i < encoded.header_count; ++i) {
            const parley_header& h = encoded.headers[i];
            if (!replaced(view(h.name))) field(view(h.name), view(h.value));
        }
    }
    if (view(exchange_.asked().http.method) != "GET") {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), body_size()).ptr;
        field("content-length", {digits.data(), static_cast<std::size_t>(end - digits.data())});
    }
    out.append("\r\n");
}

std::uint64_t Attempt::body_size() const {
    std::uint64_t size =
        is_crossing() ? crossing_->encoded().body.size() : exchange_.asked().body().size();
    for (const parley_edit& edit : edits()) size += edit.text.len - edit.len;
    return size;
}

std::span<const parley_edit> Attempt::edits() const {
    if ((wants_ & PARLEY_WANT_AMEND) != 0) return edits_;
    if (is_crossing()) return {};
    return {retarget_.edits, retarget_.edit_count};
}

// The client's bytes with the edits between them: nothing is copied.
void Attempt::gather_body(http::Gather& out) const {
    const bool is_amended = (wants_ & PARLEY_WANT_AMEND) != 0;
    if (is_crossing() && !is_amended) {
        crossing_->encoded().body.for_each([&](std::string_view piece) { out.add(piece); });
        return;
    }
    const std::string_view body = is_crossing() ? joined_.view() : exchange_.asked().body();
    std::size_t at = 0;
    for (const parley_edit& edit : edits()) {
        out.add(body.substr(at, edit.at - at));
        out.add(view(edit.text));
        at = edit.at + edit.len;
    }
    out.add(body.substr(at));
}

}  // namespace parley::pipeline
