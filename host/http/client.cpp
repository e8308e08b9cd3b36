// http/client.cpp: the client's side of HTTP/1.1.
#include "http/client.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/date.hpp"
#include "http/inflate.hpp"
#include "http/status.hpp"

namespace parley::http {

using base::client_error;
using base::Error;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kReadBytes = 8 * 1024;
constexpr std::size_t kBodyStepBytes = 256 * 1024;  // a body's memory grows as it arrives

Error with_status(Error error, unsigned status) {
    error.http_status = status;
    return error;
}

Error gone() {
    return client_error(PARLEY_E_CANCELLED, "client closed the connection");
}

}  // namespace

bool Client::is_local() const {
    const std::string_view peer = peer_address_;
    return peer.starts_with("127.") || peer == "::1" || peer.starts_with("::ffff:127.");
}

Client::Client(Stream::Ptr stream, std::shared_ptr<const config::Limits> limits)
    : stream_(std::move(stream)),
      limits_(std::move(limits)),
      peer_address_(stream_->peer_address()) {}

Client::Next Client::refuse(Error error) {
    error_ = std::move(error);
    keep_alive_ = false;
    return Next::refused;
}

void Client::end_request() {
    in_.drop_front(taken_);
    taken_ = head_size_ = 0;
    body_bytes_.release();
    in_.append(pipelined_.view());
    pipelined_.release();
    if (in_.empty()) in_.release();
    body_ = {};
    head_ = RequestHead();
    standing_fields_.clear();
    body_read_ = reply_begun_ = false;
    framing_ = Framing::length;
}

void Client::last_call(std::uint64_t ms) {
    close_after_reply();
    last_call_ms_ = ms;
    if (idle_) stream_->expire_after(ms);
}

// Short of a head's size, a body that nobody has asked for costs less than another connection.
void Client::leave_body() {
    const std::uint64_t length = head_.content_length.value_or(0);
    const bool is_short = !head_.chunked && length <= limits_->head_bytes_max;
    if (body_read_ || !is_short || head_.expects_continue) return;
    const std::uint64_t have = std::min<std::uint64_t>(in_.size() - head_size_, length);
    taken_ = head_size_ + have;
    unread_bytes_ = length - have;
    body_read_ = true;
}

Task<bool> Client::skip_unread() {
    stream_->expire_after(limits_->head_ms);
    while (unread_bytes_ != 0) {
        if (in_.empty()) {
            Task<Result<void>> filling = fill(in_);
            const Result<void> filled = co_await filling;
            if (!filled) co_return false;
        }
        const std::uint64_t some = std::min<std::uint64_t>(unread_bytes_, in_.size());
        in_.drop_front(some);
        unread_bytes_ -= some;
    }
    co_return true;
}

Task<Client::Next> Client::read_head() {
    end_request();
    if (unread_bytes_ != 0) {
        const bool skipped = co_await skip_unread();
        if (!skipped) co_return Next::end;
    }
    idle_ = true;
    stream_->expire_after(last_call_ms_ != 0 ? last_call_ms_ : limits_->idle_ms);
    std::size_t scanned = 0;
    bool is_behind_blank = false;
    for (;;) {
        // One CRLF behind the last request is tolerated (RFC 9112, section 2.2).
        if (!is_behind_blank && scanned == 0 && in_.view().starts_with("\r\n")) {
            in_.drop_front(2);
            is_behind_blank = true;
        }
        if (auto begun = check_beginning(in_.view()); !begun) co_return refuse(begun.error());
        auto end = find_head_end(in_.view(), scanned, limits_->head_bytes_max);
        if (!end) co_return refuse(std::move(end).error());
        if (*end != 0) {
            head_size_ = taken_ = *end;
            break;
        }
        if (in_.size() >= limits_->head_bytes_max + 2) {
            co_return refuse(
                with_status(client_error(PARLEY_E_TOO_LARGE, "http: head too large"), 431));
        }
        Task<Result<void>> filling = fill(in_);
        const Result<void> filled = co_await filling;
        if (!filled) {
            const bool silent = in_.empty() || filled.error().error_class == PARLEY_E_CANCELLED;
            if (silent) co_return Next::end;
            co_return refuse(with_status(filled.error(), 408));
        }
        if (idle_) {
            idle_ = false;
            stream_->expire_after(limits_->head_ms);
        }
    }
    idle_ = false;
    stream_->expire_after(0);
    ++requests_;
    auto parsed = parse_head(in_.view().substr(0, head_size_), *limits_, head_);
    if (!parsed) co_return refuse(std::move(parsed).error());
    keep_alive_ =
        keep_alive_ && head_.keep_alive && requests_ < limits_->requests_per_connection_max;
    body_read_ = !head_.chunked && head_.content_length.value_or(0) == 0;
    co_return Next::request;
}

// Reads at least one byte. A connection that waits for its next request owns no buffer.
Task<Result<void>> Client::fill(base::Bytes& into) {
    const std::span<char> scratch = loop().scratch().first(kReadBytes);
    for (;;) {
        std::size_t got = 0;
        const Io io = stream_->try_read(scratch, got);
        if (io == Io::ok) {
            into.append({scratch.data(), got});
            co_return Result<void>();
        }
        if (io != Io::again) co_return gone();
        const Wake wake = co_await stream_->readable();
        if (wake == Wake::cancelled) co_return gone();
        if (wake == Wake::expired) co_return client_error(PARLEY_E_TIMEOUT, "http: timed out");
    }
}

Error Client::too_large() const {
    return client_error(PARLEY_E_TOO_LARGE,
                        "http: request body over the limit of " +
                            std::to_string(limits_->body_bytes_max) + " bytes");
}

// Called when a window of the body's deadline has passed; says whether enough has come.
Result<void> Client::too_slow() {
    const std::uint64_t wanted = limits_->body_bytes_per_s_min * limits_->body_grace_ms / 1000;
    if (window_bytes_ < wanted) {
        auto e = client_error(PARLEY_E_TIMEOUT, "http: request body too slow");
        return with_status(std::move(e), 408);
    }
    window_bytes_ = 0;
    stream_->expire_after(limits_->body_grace_ms);
    return {};
}

Task<bool> Client::send_continue() {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    Gather gather;
    gather.add(kContinue);
    const bool sent = co_await write_all(*stream_, gather);
    co_return sent;
}

Task<Result<std::string_view>> Client::read_body() {
    if (body_read_) co_return body_;
    const std::uint64_t length = head_.content_length.value_or(0);
    if (length > limits_->body_bytes_max) {
        keep_alive_ = false;
        co_return too_large();
    }
    const bool nothing_yet = in_.size() == head_size_;
    if (head_.expects_continue && nothing_yet && !head_.http_1_0) {
        const bool sent = co_await send_continue();
        if (!sent) co_return gone();
    }
    window_bytes_ = in_.size() - head_size_;
    const bool whole = !head_.chunked && in_.size() - head_size_ >= length;
    if (!whole) stream_->expire_after(limits_->body_grace_ms);
    Task<Result<void>> reading = head_.chunked ? read_chunked() : read_sized(length);
    Result<void> read = co_await reading;
    if (!read) {
        keep_alive_ = false;
        co_return std::move(read).error();
    }
    if (!whole) stream_->expire_after(0);
    body_read_ = true;
    Result<void> inflated = inflate_body();
    if (!inflated) co_return std::move(inflated).error();
    co_return body_;
}

Task<Result<void>> Client::read_sized(std::uint64_t length) {
    const std::size_t have = in_.size() - head_size_;
    if (have >= length) {
        body_ = in_.view().substr(head_size_, length);
        taken_ = head_size_ + length;
        co_return Result<void>();
    }
    taken_ = in_.size();
    body_bytes_.reserve(std::min<std::uint64_t>(length, kBodyStepBytes));
    body_bytes_.append(in_.view().substr(head_size_));
    while (body_bytes_.size() < length) {
        const std::uint64_t left = length - body_bytes_.size();
        if (body_bytes_.capacity() == body_bytes_.size()) {
            body_bytes_.reserve(std::min<std::uint64_t>(length, body_bytes_.capacity() * 2));
        }
        std::span<char> room(
            body_bytes_.data() + body_bytes_.size(),
            std::min<std::uint64_t>(left, body_bytes_.capacity() - body_bytes_.size()));
        std::size_t got = 0;
        const Io io = stream_->try_read(room, got);
        if (io == Io::ok) {
            body_bytes_.commit(got);
            window_bytes_ += got;
            continue;
        }
        if (io != Io::again) co_return gone();
        const Wake wake = co_await stream_->readable();
        if (wake == Wake::cancelled) co_return gone();
        if (wake == Wake::expired) {
            Result<void> fast_enough = too_slow();
            if (!fast_enough) co_return fast_enough;
        }
    }
    body_ = body_bytes_.view();
    co_return Result<void>();
}

Task<Result<void>> Client::read_chunked() {
    ChunkDecoder chunks;
    base::Bytes raw;
    raw.append(in_.view().substr(head_size_));
    in_.truncate(head_size_);
    for (;;) {
        const ChunkDecoder::Step step = chunks.decode(std::span(raw.data(), raw.size()));
        body_bytes_.append(raw.view().substr(0, step.payload));
        raw.drop_front(step.consumed);
        if (body_bytes_.size() > limits_->body_bytes_max) {
            co_return too_large();
        }
        if (chunks.broken()) {
            auto e = client_error(PARLEY_E_INVALID_ARGUMENT, "http: malformed chunked body");
            co_return with_status(std::move(e), 400);
        }
        if (chunks.done()) break;
        std::size_t got = 0;
        const Io io = stream_->try_read(raw.prepare(Loop::kScratchBytes), got);
        if (io == Io::ok) {
            raw.commit(got);
            window_bytes_ += got;
            continue;
        }
        if (io != Io::again) co_return gone();
        const Wake wake = co_await stream_->readable();
        if (wake == Wake::cancelled) co_return gone();
        if (wake == Wake::expired) {
            Result<void> fast_enough = too_slow();
            if (!fast_enough) co_return fast_enough;
        }
    }
    // What follows belongs to the next request. It waits beside in_, whose head must not move.
    pipelined_ = std::move(raw);
    taken_ = head_size_;
    body_ = body_bytes_.view();
    co_return Result<void>();
}

Result<void> Client::inflate_body() {
    const std::string codings = codings_of(head_);
    if (codings.empty()) return {};
    base::Bytes plain;
    const InflateLimits limits{limits_->inflated_bytes_max, limits_->inflate_ratio_max};
    if (auto done = inflate(codings, body_, limits, plain); !done) return done;
    body_bytes_ = std::move(plain);
    body_ = body_bytes_.view();
    return {};
}

Client::Framing Client::stream_framing() const {
    return head_.http_1_0 ? Framing::close : Framing::chunked;
}

void Client::begin_reply(unsigned status, Framing framing, std::uint64_t length) {
    reply_begun_ = true;
    framing_ = framing;
    if (keep_alive_) leave_body();
    if (framing == Framing::close || !body_read_) keep_alive_ = false;
    reply_head_.clear();
    reply_head_.append("HTTP/1.1 ");
    reply_head_.append(status_line(status));
    reply_head_.append("\r\ndate: ");
    reply_head_.append(http_date());
    if (framing == Framing::chunked) reply_head_.append("\r\ntransfer-encoding: chunked");
    if (framing == Framing::length && status != 204 && status != 304) {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), length).ptr;
        reply_head_.append("\r\ncontent-length: ");
        reply_head_.append({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }
    if (!keep_alive_) {
        reply_head_.append("\r\nconnection: close");
    } else if (head_.http_1_0) {
        reply_head_.append("\r\nconnection: keep-alive");
    }
    reply_head_.append("\r\n");
    reply_head_.append(standing_fields_.view());
}

void Client::always_add(std::string_view name, std::string_view value) {
    standing_fields_.append(name);
    standing_fields_.append(": ");
    standing_fields_.append(value);
    standing_fields_.append("\r\n");
}

void Client::add_field(std::string_view name, std::string_view value) {
    reply_head_.append(name);
    reply_head_.append(": ");
    reply_head_.append(value);
    reply_head_.append("\r\n");
}

Task<bool> Client::send(std::string_view body) {
    Gather gather;
    gather.add(body);
    const bool sent = co_await send(gather);
    co_return sent;
}

Task<bool> Client::send(Gather& body) {
    Gather out;
    if (!reply_head_.empty()) {
        reply_head_.append("\r\n");
        out.add(reply_head_.view());
    }
    const std::size_t size = body.size();
    std::array<char, 20> chunk_head;
    const bool chunked = framing_ == Framing::chunked && size != 0;
    if (chunked) {
        char* end = std::to_chars(chunk_head.data(), chunk_head.data() + 16, size, 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        out.add({chunk_head.data(), static_cast<std::size_t>(end - chunk_head.data())});
    }
    if (head_.method != "HEAD") {
        body.move_to(out);
        if (chunked) out.add("\r\n");
    }
    Io io = out.write_some(*stream_);
    if (io == Io::again) {
        // The bytes may lie in the loop's scratch, which does not outlive a suspension.
        base::Bytes unsent;
        out.move_to(unsent);
        io = co_await send_slowly(std::move(unsent));
    }
    reply_head_.clear();
    if (io != Io::ok) broken_ = true;
    co_return io == Io::ok;
}

// The client is slower than the upstream: wait for it, and so make the upstream wait.
Task<Io> Client::send_slowly(base::Bytes unsent) {
    Gather out;
    out.add(unsent.view());
    for (;;) {
        stream_->expire_after(limits_->write_idle_ms);
        const Wake wake = co_await stream_->writable();
        if (wake != Wake::ready) co_return Io::failed;
        const Io io = out.write_some(*stream_);
        if (io == Io::again) continue;
        stream_->expire_after(0);
        co_return io;
    }
}

Task<bool> Client::end_reply() {
    if (framing_ != Framing::chunked || head_.method == "HEAD") {
        if (reply_head_.empty()) co_return true;
        const bool sent = co_await send(std::string_view());
        co_return sent;
    }
    if (!reply_head_.empty()) reply_head_.append("\r\n");
    reply_head_.append("0\r\n\r\n");
    Gather out;
    out.add(reply_head_.view());
    Io io = out.write_some(*stream_);
    if (io == Io::again) {
        base::Bytes unsent;
        out.move_to(unsent);
        io = co_await send_slowly(std::move(unsent));
    }
    reply_head_.clear();
    broken_ = broken_ || io != Io::ok;
    co_return io == Io::ok;
}

void Client::break_reply() {
    broken_ = true;
    stream_->reset();
}

bool Client::reusable() const {
    return keep_alive_ && !broken_ && body_read_;
}

Task<void> Client::linger() {
    if (broken_ || !stream_->is_open()) co_return;
    co_await pass_over_rest(*stream_);
}

}  // namespace parley::http
