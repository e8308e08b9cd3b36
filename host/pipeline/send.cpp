// pipeline/send.cpp: the request goes to the upstream, and the head of its reply comes back.
#include <charconv>

#include "http/fields.hpp"
#include "http/reply.hpp"
#include "pipeline/answer.hpp"
#include "pipeline/exchange.hpp"
#include "pipeline/patience.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;
using plugins::str;
using plugins::view;

namespace {

// An upstream that broke off while it was sent to may have said why.
constexpr std::uint64_t kLastWordsMs = 1'000;

constexpr std::size_t kUsualHeadBytes = 512;

}  // namespace

Result<void> Exchange::plan() {
    auto ask = plugins::sized<parley_plan_ask>();
    ask.operation = call_.operation;
    ask.stream = wants_stream() ? 1 : 0;
    ask.attempt = 1;
    ask.dialect = str(upstream_dialect_->id());
    ask.model = str(attempt_->model);
    if (crossing_ != nullptr) {
        ask.path = crossing_->encoded().head.path;
        ask.query = crossing_->encoded().head.query;
    } else {
        ask.path = retarget_.path.len != 0 ? retarget_.path : request_.path;
        ask.query = retarget_.path.len != 0 ? retarget_.query : request_.query;
    }
    ask.account = &account_;
    ask.client = &request_;
    const plugins::Provider& provider = *attempt_->place->provider;
    if (auto planned = provider.plan(ask, arena_, plan_); !planned) return planned;
    if ((plan_.flags & PARLEY_PLAN_ANSWER) == 0) return {};
    auto answer = std::make_unique<AnswerSource>(lane_.loop(), world_->config.upstream);
    base::Bytes body;
    http::Gather gather;
    gather_body(gather);
    gather.move_to(body);
    auto opened = answer->open(provider, ask, body.view(), arena_);
    upstream_ = std::move(answer);
    return opened;
}

Task<Result<void>> Exchange::send() {
    const config::UpstreamLimits& limits = world_->config.upstream;
    const std::uint64_t head_ms = plan_.head_ms != 0 ? plan_.head_ms : limits.head_ms;
    if (upstream_ != nullptr) co_return co_await await_head(head_ms);
    for (bool fresh = false;; fresh = true) {
        Result<void> opened = co_await open_upstream(fresh);
        if (!opened) co_return opened;
        auto& reply = static_cast<http::ReplyReader&>(*upstream_);
        const Result<void> sent = co_await send_to(reply);
        Result<void> headed = sent;
        // An upstream may answer before it has read everything; that answer counts.
        if (!gone_) headed = co_await await_head(sent ? head_ms : kLastWordsMs);
        if (headed) co_return headed;
        // A kept connection may have been closed under our hands: the request was not seen.
        const bool again = reply.was_stale() && !fresh && !gone_ &&
                           headed.error().error_class == PARLEY_E_UPSTREAM_PROTOCOL;
        if (!again) co_return headed;
        upstream_.reset();
    }
}

// While nothing comes, a translated stream tells its client that it lives.
Task<Result<void>> Exchange::await_head(std::uint64_t head_ms) {
    const http::Loop& loop = lane_.loop();
    const bool pings = crossing_ != nullptr && wants_stream();
    const Patience patience(loop.now_ms(), head_ms, pings ? world_->config.limits.ping_ms : 0);
    for (;;) {
        upstream_->expire_after(patience.step_ms(loop.now_ms()));
        Result<void> headed = co_await upstream_->read_head();
        const bool timed_out = !headed && headed.error().error_class == PARLEY_E_TIMEOUT;
        if (!timed_out || patience.is_over(loop.now_ms())) co_return headed;
        Result<void> alive = co_await show_alive();
        if (!alive) co_return alive;
    }
}

Task<Result<void>> Exchange::open_upstream(bool fresh) {
    http::UpstreamPool& pool = lane_.pool();
    Result<http::UpstreamPool::Lease> lease =
        co_await pool.acquire(view(plan_.origin), plan_.connect_ms, fresh, cancellation_);
    if (!lease) co_return std::move(lease).error();
    upstream_ = std::make_unique<http::ReplyReader>(std::move(*lease), world_->config.upstream);
    if (gone_) co_return left();
    co_return Result<void>();
}

Task<Result<void>> Exchange::send_to(http::ReplyReader& reply) {
    http::Stream& stream = reply.stream();
    upstream_head_.clear();
    write_upstream_head(reply.authority());
    http::Gather gather;
    gather.add(upstream_head_.view());
    gather_body(gather);
    stream.expire_after(world_->config.upstream.idle_ms);
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
bool Exchange::passes_on(const http::Field& f) const {
    if (!http::passes_to_upstream(f)) return false;
    return crossing_ == nullptr || f.id == http::FieldId::user_agent ||
           http::equals_ignoring_case(f.name, "traceparent") ||
           http::equals_ignoring_case(f.name, "tracestate");
}

// The client's own fields go on, but for those that belong to its connection or prove who it is;
// the provider's come in place of those of the same name.
void Exchange::write_upstream_head(std::string_view authority) {
    base::Bytes& out = upstream_head_;
    out.reserve(kUsualHeadBytes);
    const auto field = [&](std::string_view name, std::string_view value) {
        out.append(name);
        out.append(": ");
        out.append(value);
        out.append("\r\n");
    };
    out.append(view(request_.method));
    out.append(" ");
    out.append(view(plan_.target));
    out.append(" HTTP/1.1\r\n");
    field("host", authority);
    const std::span<const parley_header> own(plan_.headers, plan_.header_count);
    const auto replaced = [&](std::string_view name) {
        return std::any_of(own.begin(), own.end(), [&](const parley_header& h) {
            return http::equals_ignoring_case(view(h.name), name);
        });
    };
    const http::ConnectionOptions of_connection(client_.head());
    bool has_user_agent = false;
    for (const http::Field& f : client_.head().fields) {
        if (!passes_on(f) || replaced(f.name)) continue;
        if (of_connection.name(f.name)) continue;
        has_user_agent = has_user_agent || f.id == http::FieldId::user_agent;
        field(f.name, f.value);
    }
    if (!has_user_agent && !replaced("user-agent")) field("user-agent", "parley/" PARLEY_VERSION);
    for (const parley_header& h : own) {
        if (h.value.len != 0) field(view(h.name), view(h.value));
    }
    if (crossing_ != nullptr) {
        const parley_encoded_request& encoded = crossing_->encoded().head;
        field("content-type", view(encoded.content_type));
        for (std::uint64_t i = 0; i < encoded.header_count; ++i) {
            const parley_header& h = encoded.headers[i];
            if (!replaced(view(h.name))) field(view(h.name), view(h.value));
        }
    }
    if (view(request_.method) != "GET") {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), body_size()).ptr;
        field("content-length", {digits.data(), static_cast<std::size_t>(end - digits.data())});
    }
    out.append("\r\n");
}

std::uint64_t Exchange::body_size() const {
    if (crossing_ != nullptr) return crossing_->encoded().body.size();
    std::uint64_t size = request_.body.len;
    for (std::uint64_t i = 0; i < retarget_.edit_count; ++i) {
        size += retarget_.edits[i].text.len - retarget_.edits[i].len;
    }
    return size;
}

// The client's bytes with the edits between them: nothing is copied.
void Exchange::gather_body(http::Gather& out) const {
    if (crossing_ != nullptr) {
        crossing_->encoded().body.for_each([&](std::string_view piece) { out.add(piece); });
        return;
    }
    const std::string_view body = view(request_.body);
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < retarget_.edit_count; ++i) {
        const parley_edit& edit = retarget_.edits[i];
        out.add(body.substr(at, edit.at - at));
        out.add(view(edit.text));
        at = edit.at + edit.len;
    }
    out.add(body.substr(at));
}

}  // namespace parley::pipeline
